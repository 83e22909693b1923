import { type Nanos, SECOND } from '../../model/time.js'
import type { ContractMarket, ForcedOrder } from '../contract-market.js'
import type { TrueValue } from '../truth.js'
import type { BitfinexFeed } from './feed.js'
import { priceNumber, toMs } from './numbers.js'

const PLACES = 23

/** What stands at a whole second as the status of a derivative; places that have no meaning here are null. `brief`: without the rates. */
export function statusRow({ instrument }: BitfinexFeed, contract: ContractMarket, time: Nanos, brief = false): string {
  const { spec, candles } = instrument
  const { mark, index, rate, predictedRate, nextFunding } = contract.at(time)
  const places = new Array<string>(PLACES).fill('null')
  const set = (place: number, text: string) => {
    places[place] = text
  }
  set(0, String(toMs(time - (time % SECOND))))
  set(2, priceNumber(spec, candles.held('1d').at(-1)?.close ?? instrument.bids.priceAt(0) ?? 0))
  set(3, String(Number(index)))
  set(5, '101052.04082882')
  if (!brief) {
    set(7, String(toMs(nextFunding)))
    set(8, String(Number(predictedRate)))
    set(11, String(Number(rate)))
  }
  set(9, String(Number((time / SECOND) % 480n)))
  set(14, String(Number(mark)))
  set(17, String(Number(contract.openInterest(time).amount)))
  set(21, '0.0025')
  set(22, '-0.0025')
  return `[${places.join(',')}]`
}

/** What such a status tells, for the truth. */
export function statusValues(contract: ContractMarket, time: Nanos): TrueValue[] {
  const { mark, index, rate, predictedRate, nextFunding } = contract.at(time)
  const funding = { rate, predicted_rate: predictedRate, next_funding_time: String(nextFunding) }
  const exchangeTime = time - (time % SECOND)
  return [
    { kind: 'mark_price', exchangeTime, values: { price: mark } },
    { kind: 'index_price', exchangeTime, values: { price: index } },
    { kind: 'funding', exchangeTime, values: funding },
    { kind: 'open_interest', exchangeTime, values: { amount: contract.openInterest(time).amount } },
  ]
}

/** A liquidation: what triggers it, or (`match`) a later fill of the same position. A long that is sold has a positive amount. */
export function liquidationRow({ instrument }: BitfinexFeed, order: ForcedOrder, match: boolean): string {
  const { spec } = instrument
  const { id, time, side, price, averagePrice, amount } = order
  const signed = side === 'sell' ? Number(amount) : -Number(amount)
  const acquired = match ? String(Number(averagePrice)) : 'null'
  return `["pos",${id},${toMs(time)},null,"${spec.symbol}",${signed},${Number(price)},null,${match ? 1 : 0},1,null,${acquired}]`
}

export function liquidationValue({ id, time, side, price, amount }: ForcedOrder): TrueValue {
  const values = { order_id: id, side, price, average_price: null, amount }
  return { kind: 'liquidation', exchangeTime: time, values }
}
