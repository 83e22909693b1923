import type { DecimalText } from '../model/decimal.js'
import type { TakerSide } from '../model/event.js'
import { type Nanos, SECOND } from '../model/time.js'
import { amountText, fixedText, type InstrumentSpec, priceText } from './instrument-spec.js'
import type { MarketInstrument, Turn } from './market.js'
import { hashText } from './random.js'

/** What stands at a whole second, as the venue writes it. */
export interface ContractSecond {
  readonly time: Nanos
  readonly mark: DecimalText
  readonly index: DecimalText
  /** The rate to be charged at `nextFunding`; changes once a minute. */
  readonly rate: DecimalText
  /** The estimate for the period after. */
  readonly predictedRate: DecimalText
  readonly nextFunding: Nanos
}

/** Open positions, as they stand since `time`: they change every ten seconds. */
export interface OpenPositions {
  readonly time: Nanos
  readonly amount: DecimalText
}

/** A forced order, filled by one trade of the market. */
export interface ForcedOrder {
  readonly id: string
  readonly time: Nanos
  readonly side: TakerSide
  /** Of the order. */
  readonly price: DecimalText
  /** What it was filled at. */
  readonly averagePrice: DecimalText
  readonly amount: DecimalText
}

export interface ContractOptions {
  readonly seed: string
  /** Digits after the point of mark and index prices. */
  readonly places?: number
  readonly fundingHours?: number
}

const MINUTE = 60n * SECOND
const INTEREST_STEP = 10n * SECOND
/** One trade of so many is that of a forced order. */
const FORCED_ONE_IN = 25
const RATE_PLACES = 8

/**
 * What a derivative has beside trades and orders. Prices, rates and open interest follow from the seed and the time alone, so that REST tells of
 * the past what the stream told; forced orders are trades of the market.
 */
export class ContractMarket {
  readonly spec: InstrumentSpec
  readonly fundingInterval: Nanos
  private readonly seed: string
  private readonly phase: number
  private readonly places: number

  constructor({ spec }: MarketInstrument, { seed, places = 8, fundingHours = 8 }: ContractOptions) {
    this.spec = spec
    this.seed = `${seed} ${spec.symbol} contract`
    this.phase = (hashText(this.seed) / 2 ** 32) * 2 * Math.PI
    this.places = places
    this.fundingInterval = BigInt(fundingHours) * 60n * MINUTE
  }

  /** At the whole second that holds `time`. */
  at(time: Nanos): ContractSecond {
    const second = time - (time % SECOND)
    const s = Number(second / SECOND)
    const wave = (period: number) => Math.sin((2 * Math.PI * (s % period)) / period + this.phase)
    const index = this.spec.coin.price * (1 + 0.003 * wave(900) + 0.0004 * this.noise('index', s))
    const mark = index * (1 + 0.0002 * wave(300) + 0.00005 * this.noise('mark', s))
    const minute = s - (s % 60)
    return {
      time: second,
      mark: this.price(mark),
      index: this.price(index),
      rate: this.rate(minute),
      predictedRate: this.rate(minute - 60),
      nextFunding: (second / this.fundingInterval + 1n) * this.fundingInterval,
    }
  }

  /** The rate that was charged at `time`, a whole number of funding intervals. */
  charged(time: Nanos): DecimalText {
    return this.at(time - SECOND).rate
  }

  openInterest(time: Nanos): OpenPositions {
    const since = time - (time % INTEREST_STEP)
    const { coin, amountDecimals } = this.spec
    const usual = Math.max(1000, (20_000_000 / coin.price) * 10 ** amountDecimals)
    const amount = Math.round(usual * (1 + 0.05 * this.noise('interest', Number(since / SECOND))))
    return { time: since, amount: amountText(this.spec, amount) }
  }

  /** The forced orders among the trades of a turn. */
  forced({ trades }: Turn): ForcedOrder[] {
    return trades
      .filter(({ id }) => hashText(`${this.seed} ${id}`) % FORCED_ONE_IN === 0)
      .map(({ id, time, takerSide, price, amount }) => ({
        id: String(id),
        time,
        side: takerSide,
        price: priceText(this.spec, Math.max(1, Math.round(price * (takerSide === 'sell' ? 0.995 : 1.005)))),
        averagePrice: priceText(this.spec, price),
        amount: amountText(this.spec, amount),
      }))
  }

  /** Between -1 and 1. */
  private noise(of: string, n: number): number {
    return hashText(`${this.seed} ${of} ${n}`) / 2 ** 31 - 1
  }

  private price(value: number): DecimalText {
    return fixedText(BigInt(Math.round(value * 10 ** this.places)), this.places)
  }

  private rate(minute: number): DecimalText {
    return fixedText(Math.round((0.0001 + 0.0002 * this.noise('rate', minute)) * 10 ** RATE_PLACES), RATE_PLACES)
  }
}
