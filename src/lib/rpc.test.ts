import { MessageChannel } from 'node:worker_threads'
import { afterEach, expect, it } from 'vitest'
import { CollectorError, decodeError, encodeError } from '../model/error.js'
import { RpcClient, serveRpc } from './rpc.js'

const codec = { encode: encodeError, decode: decodeError }
const open: { close(): void }[] = []
afterEach(() => {
  for (const port of open.splice(0)) port.close()
})

function pair<M extends Parameters<typeof serveRpc>[1]>(methods: M) {
  const { port1, port2 } = new MessageChannel()
  open.push(port1, port2)
  serveRpc(port1, methods, codec)
  return new RpcClient<M>(port2, codec)
}

it('answers calls in any order, each to its own caller', async () => {
  const waits: (() => void)[] = []
  const client = pair({
    slow: (value: number) => new Promise<number>((resolve) => waits.push(() => resolve(value))),
    quick: (value: number) => {
      for (const go of waits) go()
      return value
    },
  })
  const slow = client.call('slow', [1])
  expect(await client.call('quick', [2])).toBe(2)
  expect(await slow).toBe(1)
})

it('carries the code and the remedy of an error across', async () => {
  const client = pair({
    fail: () => {
      throw new CollectorError('DISK_FULL', 'no room')
    },
  })
  await expect(client.call('fail', [])).rejects.toMatchObject({
    code: 'DISK_FULL',
    message: 'no room',
    remedy: expect.stringContaining('room'),
  })
})

it('rejects what waits when the other side dies, instead of waiting for ever', async () => {
  const client = pair({ never: () => new Promise<void>(() => {}) })
  const waiting = client.call('never', [])
  client.fail(new CollectorError('STORE_FAILED', 'the thread ended'))
  await expect(waiting).rejects.toMatchObject({ code: 'STORE_FAILED' })
  await expect(client.call('never', [])).rejects.toMatchObject({ code: 'STORE_FAILED' })
})

it('a call that is given up tells the other side, and its answer reaches nobody', async () => {
  const seen: string[] = []
  let finish = () => {}
  const client = pair({
    work: (what: string, signal: AbortSignal) =>
      new Promise<string>((resolve) => {
        seen.push(what)
        finish = () => resolve('too late')
        signal.addEventListener('abort', () => seen.push('stopped'))
      }),
    other: (last?: unknown) => last === undefined,
  })
  const gone = new AbortController()
  const answer = client.callUntil('work', ['begun'], gone.signal)
  // Only methods that are called so are given a signal.
  expect(await client.call('other', [])).toBe(true)
  expect(seen).toEqual(['begun'])
  gone.abort(new Error('gone'))
  await expect(answer).rejects.toThrow('gone')
  expect(client.pending).toBe(0)
  await client.call('other', [])
  expect(seen).toEqual(['begun', 'stopped'])
  finish()
  await client.call('other', [])
  await expect(client.callUntil('work', ['never'], gone.signal)).rejects.toThrow('gone')
  await client.call('other', [])
  expect(seen).toEqual(['begun', 'stopped'])
})
