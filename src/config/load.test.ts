import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { journalKeepMs } from './journal-keep.js'
import { configPlaces, loadConfig } from './load.js'

const text = 'stream_jobs: [{exchange: binance, pairs: [BTC/USDT], channels: [trades]}]\n'

describe('loadConfig', () => {
  let home = ''
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'dccd-config-'))
  })
  afterEach(() => rm(home, { recursive: true }))

  const put = async (path: string) => {
    await mkdir(join(home, path, '..'), { recursive: true })
    await writeFile(join(home, path), text)
    return join(home, path)
  }
  const options = (more = {}) => ({ folder: join(home, 'work'), home, environment: {}, ...more })

  it('takes --config, then ./config.yml, then the one of the user', async () => {
    const user = await put('.config/dccd/config.yml')
    expect((await loadConfig(options())).file).toBe(user)
    const xdg = await put('xdg/dccd/config.yml')
    expect((await loadConfig(options({ environment: { XDG_CONFIG_HOME: join(home, 'xdg') } }))).file).toBe(xdg)
    const here = await put('work/config.yml')
    expect((await loadConfig(options())).file).toBe(here)
    const named = await put('work/other.yml')
    const loaded = await loadConfig(options({ path: 'other.yml' }))
    expect(loaded.file).toBe(named)
    expect(loaded.config.settings.data_path).toBe(join(home, 'work/data/crypto'))
  })

  it('says where it looked and how to make one', async () => {
    const [first, second] = configPlaces(options())
    await expect(loadConfig(options())).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`looked for ${first} and ${second}`),
      remedy: 'Make one: dccd init',
    })
    await expect(loadConfig(options({ path: 'no such.yml' }))).rejects.toMatchObject({
      message: expect.stringContaining('no such.yml'),
      remedy: `Make one: dccd init --config '${join(home, 'work', 'no such.yml')}'`,
    })
  })

  it('refuses a folder, and a file too big to be a config, without reading it', async () => {
    await mkdir(join(home, 'work', 'config.yml'), { recursive: true })
    await expect(loadConfig(options())).rejects.toMatchObject({ message: expect.stringContaining('no file') })
    await writeFile(join(home, 'big.yml'), new Uint8Array(2 ** 21))
    await expect(loadConfig(options({ path: '../big.yml' }))).rejects.toMatchObject({
      message: expect.stringContaining('2097152 bytes'),
    })
  })
})

describe('journalKeepMs', () => {
  it.each([
    ['7d', 604_800_000],
    ['90m', 5_400_000],
    ['0', 0],
    [0 as const, 0],
    ['forever', Number.POSITIVE_INFINITY],
  ])('%s', (keep, ms) => {
    expect(journalKeepMs(keep)).toBe(ms)
  })
})
