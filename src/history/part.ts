import type { CollectorError } from '../model/error.js'
import type { Nanos } from '../model/time.js'
import type { PartError, PartProgress } from './order.js'
import type { Plan } from './plan.js'

/** Progress of one dataset. */
export class Part {
  readonly dataset: string
  rows = 0
  requests = 0
  wanted: Nanos = 0n
  error: PartError | null = null
  private done: Nanos = 0n
  private bytes = 0
  private range = { from: 0n, until: 0n }
  private readonly lost: { from: string; until: string; reason: string }[] = []

  constructor(dataset: string) {
    this.dataset = dataset
  }

  plan({ from, until, stretches }: Plan): void {
    this.range = { from, until }
    this.wanted = stretches.reduce((sum, stretch) => sum + (stretch.until - stretch.from), 0n)
  }

  page(
    {
      rows,
      bytes,
      covers,
    }: {
      rows: number
      bytes: number
      covers: readonly { from: Nanos; until: Nanos }[]
    },
    requests = 1,
  ): void {
    this.rows += rows
    this.bytes += bytes
    this.requests += requests
    for (const { from, until } of covers) this.done += until - from
  }

  fail({ code, message, remedy }: CollectorError): void {
    this.error = { code, message, remedy }
  }

  lose({ from, until, reason }: { from: Nanos; until: Nanos; reason: string }): void {
    this.done += until - from
    if (this.lost.length < 100) this.lost.push({ from: `${from}`, until: `${until}`, reason })
  }

  show(): PartProgress {
    const { dataset, rows, requests, bytes, wanted, done, error, lost, range } = this
    return {
      dataset,
      from: `${range.from}`,
      until: `${range.until}`,
      wantedSeconds: seconds(wanted),
      doneSeconds: seconds(done < wanted ? done : wanted),
      rows,
      requests,
      bytes,
      lost: [...lost],
      error,
    }
  }
}

function seconds(time: Nanos): number {
  return Number(time / 1_000_000n) / 1000
}
