import type { Shape } from '../../model/shape.js'
import type { ExchangeAdapter } from '../exchange.js'
import { ANYTHING, either, levelList, listOf, object, oneOf } from '../kit/shape.js'

/** A `partial` describes its table besides. */
const described = { keys: ANYTHING, types: ANYTHING, foreignKeys: ANYTHING, attributes: ANYTHING, filter: ANYTHING }

function table(names: readonly string[], ...rows: Shape[]): Shape {
  const row = either(...rows)
  const action = oneOf('partial', 'insert', 'update', 'delete')
  return object('', { table: oneOf(...names), action, data: listOf(row), ...described })
}

const side = oneOf('Buy', 'Sell', '')

const instrument = object(
  `symbol rootSymbol instrumentID state typ listing front expiry settle listedSettle relistInterval inverseLeg sellLeg buyLeg optionStrikePcnt
  optionStrikeRound optionStrikePrice optionMultiplier positionCurrency underlying quoteCurrency underlyingSymbol reference referenceSymbol calcInterval
  publishInterval publishTime maxOrderQty minPrice maxPrice lotSize tickSize multiplier settlCurrency underlyingToPositionMultiplier
  underlyingToSettleMultiplier quoteToSettleMultiplier isQuanto isInverse initMargin maintMargin riskLimit riskStep limit capped taxed deleverage makerFee
  takerFee settlementFee insuranceFee fundingBaseSymbol fundingQuoteSymbol fundingPremiumSymbol fundingTimestamp fundingInterval fundingRate
  indicativeFundingRate rebalanceTimestamp rebalanceInterval openingTimestamp closingTimestamp sessionInterval prevClosePrice limitDownPrice limitUpPrice
  bankruptLimitDownPrice bankruptLimitUpPrice prevTotalVolume totalVolume volume volume24h prevTotalTurnover totalTurnover turnover turnover24h
  homeNotional24h foreignNotional24h prevPrice24h vwap highPrice lowPrice lastPrice lastPriceProtected lastTickDirection lastChangePcnt bidPrice midPrice
  askPrice impactBidPrice impactMidPrice impactAskPrice hasLiquidity openInterest openValue fairMethod fairBasisRate fairBasis fairPrice markMethod markPrice
  indicativeTaxRate indicativeSettlePrice optionUnderlyingPrice settledPriceAdjustmentRate settledPrice instantPnl farLegSymbol nearLegSymbol pool
  referencePrice timestamp`,
)
const ofInstrument = table(['instrument'], instrument)

/** https://www.bitmex.com/app/wsAPI and the models of https://www.bitmex.com/api/explorer */
export const bitmexShapes: ExchangeAdapter['shapes'] = {
  trades: table(
    ['trade'],
    object('timestamp symbol size price trdMatchID grossValue homeNotional foreignNotional trdType', {
      side,
      tickDirection: oneOf('PlusTick', 'ZeroPlusTick', 'MinusTick', 'ZeroMinusTick'),
    }),
  ),
  book: table(
    ['orderBookL2', 'orderBookL2_25', 'orderBook10'],
    object('symbol id size price timestamp transactTime pool', { side }),
    object('symbol timestamp', { bids: levelList(), asks: levelList() }),
  ),
  quotes: table(['quote'], object('timestamp symbol bidSize bidPrice askPrice askSize')),
  ohlc: table(
    ['tradeBin1m', 'tradeBin5m', 'tradeBin1h', 'tradeBin1d'],
    object('timestamp symbol open high low close trades volume vwap lastSize turnover homeNotional foreignNotional'),
  ),
  funding: table(
    ['instrument', 'funding'],
    instrument,
    object('timestamp symbol fundingInterval fundingRate fundingRateDaily'),
  ),
  mark_price: ofInstrument,
  index_price: ofInstrument,
  open_interest: ofInstrument,
  liquidations: table(['liquidation'], object('orderID symbol price leavesQty', { side })),
}
