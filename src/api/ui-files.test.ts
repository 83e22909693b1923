import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fakePorts } from '../../testkit/fake-ports.js'
import { type Api, serveApi } from './server.js'

describe('the files of the web UI', () => {
  let folder: string
  let api: Api | undefined

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dccd-ui-'))
  })
  afterEach(async () => {
    await api?.close()
    await rm(folder, { recursive: true })
  })

  async function built(): Promise<string> {
    await mkdir(join(folder, 'web/assets'), { recursive: true })
    await writeFile(join(folder, 'web/index.html'), '<title>dccd</title>')
    await writeFile(join(folder, 'web/favicon.svg'), '<svg/>')
    await writeFile(join(folder, 'web/assets/index-1.js'), 'let a = 1')
    await writeFile(join(folder, 'secret.txt'), 'secret')
    api = await serveApi(fakePorts(), { host: '127.0.0.1', port: 0, uiFolder: join(folder, 'web') })
    return api.url
  }

  it('come with a policy that runs nothing inline, and are asked for anew only when they may have changed', async () => {
    const url = await built()
    const page = await fetch(`${url}/`)
    expect(await page.text()).toBe('<title>dccd</title>')
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    const policy = page.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("script-src 'self'")
    expect(policy).not.toContain('unsafe')
    expect(page.headers.get('cache-control')).toBe('no-cache')
    const script = await fetch(`${url}/assets/index-1.js`)
    expect(await script.text()).toBe('let a = 1')
    expect(script.headers.get('content-encoding')).toBe('gzip')
    expect(script.headers.get('cache-control')).toContain('immutable')
  })

  it.each(['/assets/..%2f..%2fsecret.txt', '/assets/../../secret.txt', '/assets/', '/assets/none.js'])(
    'are a list, and nothing leads out of it: %s',
    async (path) => {
      const answer = await fetch(`${await built()}${path}`)
      expect(answer.status).toBe(404)
      expect(await answer.text()).not.toContain('secret\n')
    },
  )

  it('say how they are built when they are not there', async () => {
    api = await serveApi(fakePorts(), { host: '127.0.0.1', port: 0, uiFolder: join(folder, 'nowhere') })
    expect(await (await fetch(api.url)).text()).toContain('npm run build')
  })
})
