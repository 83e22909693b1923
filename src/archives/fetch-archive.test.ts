import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { strToU8, zipSync } from 'fflate'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../lib/clock.js'
import { download } from '../net/download.js'
import { refusalOf } from '../net/refusal.js'
import { Archives } from './fetch-archive.js'

const zip = Buffer.from(zipSync({ 'a.csv': strToU8(Array.from({ length: 5000 }, (_, i) => `${i},1.5`).join('\n')) }))
const sum = createHash('sha256').update(zip).digest('hex')
const file = { path: '/a.zip', checksum: '/a.zip.CHECKSUM', from: 0n, until: 1n }

let folder = ''
let server: Server | undefined
let waits: number[] = []
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'dccd-archives-')), 'archives')
  waits = []
})
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
  rmSync(join(folder, '..'), { recursive: true, force: true })
})

async function host(listener: RequestListener): Promise<string> {
  const own = createServer(listener)
  server = own
  await new Promise<void>((ready) => own.listen(0, '127.0.0.1', ready))
  const { port } = own.address() as AddressInfo // it listens on TCP
  return `http://127.0.0.1:${port}`
}

function archives(): Archives {
  const clock = systemClock()
  return new Archives(folder, {
    open: (url, method, signal) => download(url, { clock, method }, signal),
    refused: ({ status, headers }) => refusalOf(status, headers, clock.wall()),
    wait: async (ms) => void waits.push(ms),
    random: () => 0.5,
  })
}

const never = new AbortController().signal
const fetchZip = (base: string, signal = never) => archives().fetch(base, file, { packing: 'zip' }, undefined, signal)
const left = () => (existsSync(folder) ? readdirSync(folder) : [])

describe('fetching a file of an archive', () => {
  it('gives a file whose SHA-256 is the one that is published', async () => {
    const base = await host(({ url }, response) =>
      response.end(url === '/a.zip' ? zip : `${sum.toUpperCase()}  a.zip\n`),
    )
    const staged = await fetchZip(base)
    expect(staged).toMatchObject({ sha256: sum, bytes: zip.length, parts: 1, url: `${base}/a.zip` })
    await staged.remove()
    expect(left()).toEqual([])
  })

  it('a wrong checksum is looked at once more, because files are replaced now and then, and then refused', async () => {
    let asked = 0
    const base = await host(({ url }, response) => {
      if (url === '/a.zip') asked++
      response.end(url === '/a.zip' ? zip : `${asked === 0 ? '0'.repeat(64) : sum}  a.zip\n`)
    })
    await (await fetchZip(base)).remove()
    expect(asked).toBe(2)
    server?.close()
    const wrong = await host(({ url }, response) => response.end(url === '/a.zip' ? zip : `${'0'.repeat(64)}  a.zip\n`))
    await expect(fetchZip(wrong)).rejects.toMatchObject({ code: 'ARCHIVE_DAMAGED' })
    expect(left()).toEqual([])
  })

  it.each([
    ['a page instead of the checksum', '<html></html>'],
    ['a checksum that is cut short', sum.slice(0, 40)],
  ])('%s is no permission to use the file', async (_, text) => {
    const base = await host(({ url }, response) => response.end(url === '/a.zip' ? zip : text))
    await expect(fetchZip(base)).rejects.toMatchObject({ code: 'ARCHIVE_DAMAGED' })
  })

  it('a file that is not there is told at once, by one request', async () => {
    let requests = 0
    const base = await host((_, response) => {
      requests++
      response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>')
    })
    await expect(fetchZip(base)).rejects.toMatchObject({ code: 'ARCHIVE_MISSING', retry: 'never' })
    expect(requests).toBe(1)
    expect(waits).toEqual([])
  })

  it('a transfer that breaks is tried again, and nothing of the broken one is used or left', async () => {
    let asked = 0
    const base = await host(({ url }, response) => {
      if (url !== '/a.zip') response.end(`${sum}  a.zip\n`)
      else if (++asked <= 2) {
        response.writeHead(200, { 'content-length': zip.length })
        response.write(zip.subarray(0, zip.length >> 1), () => response.destroy())
      } else response.end(zip)
    })
    const staged = await fetchZip(base)
    expect(asked).toBe(3)
    expect(waits).toHaveLength(2)
    expect(left()).toHaveLength(1)
    await staged.remove()
  })

  it('a host that is busy is waited for as long as it says; one that forbids is left alone', async () => {
    let asked = 0
    const base = await host(({ url }, response) => {
      if (++asked === 1) response.writeHead(503, { 'retry-after': '3' }).end()
      else response.end(url === '/a.zip' ? zip : sum)
    })
    await (await fetchZip(base)).remove()
    expect(waits).toEqual([3000])
    server?.close()
    const shut = await host((_, response) => response.writeHead(403).end())
    await expect(fetchZip(shut)).rejects.toMatchObject({ code: 'BANNED' })
    expect(waits).toEqual([3000])
  })

  it('ends at an abort in the middle, and leaves nothing', async () => {
    const ending = new AbortController()
    const base = await host(({ url }, response) => {
      if (url !== '/a.zip') response.end(sum)
      else {
        response.writeHead(200, { 'content-length': zip.length })
        response.write(zip.subarray(0, 100), () => ending.abort(new Error('enough')))
      }
    })
    await expect(fetchZip(base, ending.signal)).rejects.toThrow('enough')
    expect(left()).toEqual([])
  })

  it('what a process that was killed left is deleted by the next', async () => {
    const base = await host(({ url }, response) => response.end(url === '/a.zip' ? zip : sum))
    const staged = await fetchZip(base)
    writeFileSync(join(folder, 'other'), 'half a file')
    expect(left()).toHaveLength(2)
    await archives().clean()
    expect(left()).toEqual([])
    await staged.remove()
  })

  it('its length is known before, where the host tells', async () => {
    const base = await host(({ method, url }, response) => {
      if (url === '/a.zip')
        response.writeHead(200, { 'content-length': zip.length }).end(method === 'HEAD' ? undefined : zip)
      else response.writeHead(404).end()
    })
    expect(await archives().length(base, file, never)).toBe(zip.length)
    expect(await archives().length(base, { ...file, path: '/b.zip' }, never)).toBeUndefined()
  })
})
