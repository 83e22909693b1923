import { expect, it } from 'vitest'
import { Turns } from './turns.js'

it('so many work at once, others in the order in which they came', async () => {
  const turns = new Turns(2, 10)
  const first = await turns.take()
  await turns.take()
  const order: string[] = []
  const third = turns.take().then((end) => {
    order.push('third')
    return end
  })
  const fourth = turns.take().then(() => order.push('fourth'))
  await Promise.resolve()
  expect(order).toEqual([])
  first()
  first()
  ;(await third)()
  await fourth
  expect(order).toEqual(['third', 'fourth'])
})

// Somebody who has gone must not take the turn of somebody who waits.
it('who gives up while waiting makes room, and takes no turn', async () => {
  const turns = new Turns(1, 1)
  const end = await turns.take()
  const gone = new AbortController()
  const waits = turns.take(gone.signal)
  await expect(turns.take()).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' })
  gone.abort(new Error('gone'))
  await expect(waits).rejects.toThrow('gone')
  const next = turns.take()
  end()
  ;(await next)()
  ;(await turns.take())()
  await expect(turns.take(gone.signal)).rejects.toThrow('gone')
})
