/**
 * Where our reading of a message differs from that of another parser's author, and why ours stays. `what` matches the line of the difference:
 * the field, both values, the origin and the beginning of the message.
 */
export const DISAGREEMENTS: readonly { readonly exchange: string; readonly what: RegExp; readonly why: string }[] = [
  {
    exchange: 'binance',
    what: /book: theirs one, ours none .*@depth20/,
    why: 'a stream of the best 20 levels: it has no sequence that proves anything and we never ask for it; books come from the diff stream',
  },
  {
    exchange: 'binance',
    what: /unknown: an event ticker_all/,
    why: 'an event of the options market in the file of the spot market',
  },
  {
    exchange: 'binance_usdm',
    what: /bad: a should be a counter, is nothing/,
    why: 'the id was left out of the message in that test; the exchange always sends it, and without it nothing proves the trades',
  },
  {
    exchange: 'binance_usdm',
    what: /book_change: theirs none, ours 1 .*depthUpdate/,
    why: 'theirs drops what is older than the snapshot; our adapter tells every change and the book keeper drops it',
  },
  {
    exchange: 'binance_usdm',
    what: /"generated\\?":true|theirs (1|one), ours (0|none) .*(depthSnapshot|@depth20)/,
    why: 'a REST answer that their recorder writes as a frame of its own, or the stream of the best levels, which we never ask for',
  },
  {
    exchange: 'binance_usdm',
    what: /candle\.\w+: .*@kline_1M/,
    why: 'candles of a month: they have no fixed length, and are made from smaller ones',
  },
  {
    exchange: 'binance_coinm',
    what: /depthSnapshot|theirs one, ours none .*@depth20/,
    why: 'a REST answer that their recorder writes as a frame of its own, or the stream of the best levels, which we never ask for',
  },
  {
    exchange: 'binance_coinm',
    what: /unknown: an event trade_all/,
    why: 'an event of the options market in the file of COIN-M futures',
  },
  {
    exchange: 'binance_coinm',
    what: /candle\.volume: theirs [\d.]+, ours 191/,
    why: 'amounts of COIN-M are contracts, as in its trades and books; its volume in coins is neither of the columns, and not stored',
  },
  {
    exchange: 'bitfinex',
    what: /book_ticker: theirs 1, ours 0/,
    why: 'quotes come from the book channel with one level a side, which tells each change; the ticker comes now and then',
  },
  {
    exchange: 'bitfinex',
    what: /unknown: message of channel \d+, which was never acknowledged/,
    why: 'the test leaves out the acknowledgement that names the channel; the exchange always sends it first',
  },
  {
    exchange: 'bitfinex',
    what: /liquidation: theirs none, ours 1 .*1593566593351\]/,
    why: 'the test has not named the channel yet; here the message before it has',
  },
  {
    exchange: 'bitfinex',
    what: /liquidation: theirs 1, ours 0 .*1593566593351\]/,
    why: 'the same message with the same sequence a third time: what is repeated is told once',
  },
  {
    exchange: 'bitfinex',
    what: /trade: theirs some, ours none .*"tu/,
    why: '`tu` repeats the `te` of the same trade a second later',
  },
  {
    exchange: 'bitfinex',
    what: /trades?(\.length)?: theirs (3|some), ours (0|none) .*\[\[647229117/,
    why: 'the list after subscribing repeats trades of the past: they are history, not news',
  },
  {
    exchange: 'bitfinex',
    what: /candle\.\w+: .*\[\[1654074480000/,
    why: 'theirs gives the list as it came, newest first; ours is in order of time',
  },
  {
    exchange: 'bitmex',
    what: /book_change: theirs 1, ours 0 .*"(update|delete)|book: theirs one, ours none .*"delete/,
    why: 'a change of an id whose price no message of that test tells; without the price there is no level',
  },
  {
    exchange: 'bitmex',
    what: /liquidation\.timestamp: .*ours nothing/,
    why: 'the message bears no time; theirs puts its own clock there',
  },
  {
    exchange: 'bitmex',
    what: /trade\.\w+: theirs .*XBTF23/,
    why: 'the values in that test belong to another message than the one beside them',
  },
  {
    exchange: 'bitmex',
    what: /funding.*"partial/,
    why: 'the list after subscribing tells the last rate that was charged before: history, not news; and one subscription is one symbol',
  },
  {
    exchange: 'bitmex',
    what: /candle\.volume: /,
    why: 'amounts of BitMEX are contracts, as in its trades and books; theirs computes coins',
  },
  {
    exchange: 'bybit',
    what: /liquidation: theirs \d, ours 0 .*"liquidation\./,
    why: 'the channel `liquidation.*` ended in 2025; `allLiquidation.*` took its place',
  },
  {
    exchange: 'bybit',
    what: /liquidation: theirs none, ours 1 .*allLiquidation/,
    why: 'theirs gives nothing for the newer channel under the older name of the market in that test',
  },
  {
    exchange: 'okx',
    what: /book_ticker: theirs 1, ours 0 .*("tickers|sprd-)/,
    why: 'quotes come from `bbo-tbt`, which tells each change; the ticker comes every 100 ms, and spreads of two contracts are not recorded',
  },
  {
    exchange: 'okx',
    what: /book_change: theirs 1, ours 0 .*sprd-/,
    why: 'spreads of two contracts are not recorded',
  },
  {
    exchange: 'okx',
    what: /liquidation: theirs (1, ours 0 .*generated|none, ours 1 .*liquidation-orders)/,
    why: 'their recorder polled a REST list before the channel `liquidation-orders` existed, and leaves the channel out there',
  },
  {
    exchange: 'okx',
    what: /candle\.volume: /,
    why: 'amounts of OKX derivatives are contracts, as in its trades and books; theirs gives coins',
  },
]
