import { describe, expect, it } from 'vitest'
import { SECOND } from '../model/time.js'
import { COINS } from './coins.js'
import { ContractMarket } from './contract-market.js'
import type { InstrumentSpec } from './instrument-spec.js'
import { Market } from './market.js'

const START = 1_800_000_000n * SECOND

function open(seed = '1') {
  const [coin] = COINS
  if (!coin) throw new Error('no coin')
  const spec: InstrumentSpec = {
    pair: 'BTC/USDT:perp',
    symbol: 'BTCUSDT',
    base: 'BTC',
    quote: 'USDT',
    priceDecimals: 2,
    amountDecimals: 3,
    written: { price: 2, amount: 3 },
    coin,
  }
  const market = new Market([spec], { seed, rate: 50, stepNs: 1_000_000n, start: START })
  const [instrument] = market.instruments
  if (!instrument) throw new Error('no instrument')
  return { market, instrument, contract: new ContractMarket(instrument, { seed }) }
}

describe('the market of a contract', () => {
  it('has prices and rates that follow from the seed and the second alone', () => {
    const [one, again, other] = [open(), open(), open('2')]
    const second = one.contract.at(START + 5n)
    expect(again.contract.at(START + SECOND - 1n)).toEqual(second)
    expect(other.contract.at(START).mark).not.toBe(second.mark)
    expect(one.contract.at(START + SECOND).index).not.toBe(second.index)
    expect(Math.abs(Number(second.mark) / Number(second.index) - 1)).toBeLessThan(0.001)
    expect(second.mark).toMatch(/^\d+\.\d{8}$/)
  })

  it('charges the rate that stood last', () => {
    const { contract } = open()
    const { nextFunding } = contract.at(START)
    expect(nextFunding % (8n * 3600n * SECOND)).toBe(0n)
    expect(contract.at(nextFunding - SECOND).nextFunding).toBe(nextFunding)
    expect(contract.at(nextFunding).nextFunding).toBe(nextFunding + 8n * 3600n * SECOND)
    expect(contract.charged(nextFunding)).toBe(contract.at(nextFunding - 1n).rate)
  })

  it('has forced orders that are trades of the market, the same each time', () => {
    const { market, contract } = open()
    const orders: string[] = []
    const trades = new Set<string>()
    market.advance(START + 60n * SECOND, (turn) => {
      for (const { id } of turn.trades) trades.add(String(id))
      for (const { id } of contract.forced(turn)) orders.push(id)
      expect(contract.forced(turn)).toEqual(contract.forced(turn))
    })
    expect(orders.length).toBeGreaterThan(2)
    expect(orders.every((id) => trades.has(id))).toBe(true)
    expect(orders.length).toBeLessThan(trades.size / 8)
  })

  it('has open interest that changes every ten seconds', () => {
    const { contract } = open()
    const first = contract.openInterest(START + 3n * SECOND)
    expect(contract.openInterest(START + 9n * SECOND)).toEqual(first)
    expect(contract.openInterest(START + 10n * SECOND)).not.toEqual(first)
    expect(first.time % (10n * SECOND)).toBe(0n)
  })
})
