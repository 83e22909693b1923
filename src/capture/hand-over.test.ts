import { expect, it } from 'vitest'
import { HandOver } from './hand-over.js'

/** A lane of numbered rows; each row is a byte. The journal makes everything safe at once. */
function lane(options: { readonly most?: number } = {}) {
  const taken: { position: number; batch: { rows: string[]; bytes: number } }[] = []
  const told: string[] = []
  let position = -1
  let answer: (() => Promise<void>) | undefined
  const handOver = new HandOver<{ rows: string[]; bytes: number }>({
    newColumns: () => {
      let rows: string[] = []
      return {
        get bytes() {
          return rows.length
        },
        row: (_kind, dataset) => {
          rows.push(dataset)
        },
        fact: () => {},
        take: () => {
          const batch = { rows, bytes: rows.length }
          rows = []
          return batch
        },
      }
    },
    submit: async (at, batch) => {
      await answer?.()
      taken.push({ position: at, batch })
    },
    whenDurable: async () => {},
    freeze: () => position,
    most: options.most ?? 100,
    onBehind: () => told.push('behind'),
  })
  return {
    handOver,
    told,
    rows: () => taken.flatMap(({ batch }) => batch.rows),
    add(...rows: string[]) {
      for (const row of rows) {
        position++
        handOver.row('trades', row, undefined as never)
      }
    },
    answers(next: (() => Promise<void>) | undefined) {
      answer = next
    },
    position: () => position,
  }
}

it('a store that is gone loses no row twice: what was on its way is derived again, the rest is handed over after it', async () => {
  const { handOver, told, rows, add, answers, position } = lane()
  add('a')
  await handOver.cut()
  add('b')
  answers(async () => {
    throw new Error('gone')
  })
  await expect(handOver.cut()).rejects.toThrow('gone')
  expect(told).toEqual(['behind'])
  add('c')
  answers(undefined)
  expect(await handOver.rejoin()).toBe(position())
  add('d')
  await handOver.cut()
  expect(rows()).toEqual(['a']) // b and c come from the journal first
  handOver.resume()
  add('e')
  await handOver.cut()
  expect(rows()).toEqual(['a', 'd', 'e'])
})

it('a store that takes nothing costs no more than the bound: rows are forgotten and told once', async () => {
  const { handOver, told, add } = lane({ most: 3 })
  add('a', 'b', 'c')
  handOver.check()
  expect(told).toEqual([])
  add('d')
  handOver.check()
  expect(handOver.bytes).toBe(0)
  add('e', 'f', 'g', 'h')
  handOver.check()
  expect(handOver.bytes).toBe(0)
  expect(told).toEqual(['behind'])
})

it('a lane that ends while rows of it are still to be derived says so', async () => {
  const { handOver, add, position, rows } = lane()
  add('a')
  await handOver.rejoin()
  add('b')
  expect(await handOver.end(position())).toBe(false)
  expect(rows()).toEqual([])
  handOver.resume()
  add('c')
  expect(await handOver.end(position())).toBe(true)
  expect(rows()).toEqual(['b', 'c'])
})

it('rejoining waits for what is on its way: it has arrived or it has not', async () => {
  const { handOver, add, answers, rows } = lane()
  let arrive: () => void = () => {}
  answers(
    () =>
      new Promise((resolve) => {
        arrive = resolve
      }),
  )
  add('a')
  const cut = handOver.cut()
  await new Promise((resolve) => setImmediate(resolve))
  let joined = false
  const rejoined = handOver.rejoin().then(() => {
    joined = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  expect(joined).toBe(false)
  arrive()
  await rejoined
  await cut
  expect(rows()).toEqual(['a'])
})
