import type { Channel } from '../../model/dataset.js'
import type { AdapterEvent } from '../../model/event.js'
import type { Nanos } from '../../model/time.js'
import { counter, type Fields, fields, integer, levels, list, text, unsignedDecimal, WireError } from '../kit/wire.js'

/** Prices and amounts stay the text of the wire; unknown fields are left out; what is missing stays undefined. */
export function eventsOf(channel: Channel, message: Fields): AdapterEvent[] {
  const symbol = text(message.topic, 'topic').replace(/^[^:]*:/, '')
  return channel === 'book'
    ? [book(message, symbol)]
    : list(message.trades, 'trades').map((each) => trade(fields(each, 'trade'), symbol))
}

/** `ts` is in milliseconds. */
function time(value: unknown): Nanos {
  return BigInt(integer(value, 'ts')) * 1_000_000n
}

/** `{"id":1001,"price":"67010.2","size":"0.005","taker":"buy","ts":1785542400000}`; ids rise by 1 within a symbol. */
function trade(wire: Fields, symbol: string): AdapterEvent {
  const id = counter(wire.id, 'id')
  // A value that is not known is not guessed.
  const takerSide = wire.taker === 'buy' || wire.taker === 'sell' ? wire.taker : undefined
  return {
    kind: 'trade',
    symbol,
    exchangeTime: time(wire.ts),
    tradeId: id.toString(),
    price: unsignedDecimal(wire.price, 'price'),
    amount: unsignedDecimal(wire.size, 'size'),
    takerSide,
    counter: id,
  }
}

/** `{"type":"snapshot"|"change","u":7,"bids":[["67010.1","0.5"]],"asks":[],"ts":…}`; amount 0 removes a level. */
function book(wire: Fields, symbol: string): AdapterEvent {
  const type = text(wire.type, 'type')
  const sequence = counter(wire.u, 'u')
  const shared = {
    symbol,
    exchangeTime: time(wire.ts),
    bids: levels(wire.bids, 'bids'),
    asks: levels(wire.asks, 'asks'),
    checksum: undefined,
  }
  if (type === 'snapshot') return { kind: 'book_snapshot', ...shared, sequence }
  if (type === 'change') return { kind: 'book_delta', ...shared, firstSequence: sequence, lastSequence: sequence }
  throw new WireError(`type should be snapshot or change, is ${type.slice(0, 20)}`)
}
