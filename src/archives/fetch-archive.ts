import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ArchiveFeed, ArchiveFile } from '../exchanges/exchange.js'
import { Backoff } from '../lib/backoff.js'
import { CollectorError } from '../model/error.js'
import type { Download } from '../net/download.js'
import { type StagedFile, stageFile } from './staged-file.js'

export interface ArchivePorts {
  /** One GET (or HEAD) of a URL. Throws CONNECT_FAILED. */
  open(url: string, method: 'GET' | 'HEAD', signal: AbortSignal): Promise<Download>
  /** What a refusal by HTTP status means. */
  refused(answer: Pick<Download, 'status' | 'headers'>): CollectorError | undefined
  /** Resolves after `ms`, or when aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>
  random(): number
}

/** Tries of a file whose host does not answer, or whose transfer breaks. */
const TRIES = 4
/** Longest answer that is a checksum. */
const CHECKSUM_BYTES = 4096

/** Files of archives, fetched into a folder of their own: what is left there by a process that died is deleted by the next. */
export class Archives {
  private readonly folder: string
  private readonly ports: ArchivePorts

  constructor(folder: string, ports: ArchivePorts) {
    this.folder = folder
    this.ports = ports
  }

  /** Deletes what an earlier process left. */
  async clean(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }

  /**
   * Fetches a file and compares its SHA-256 with the one that the venue publishes. `base`: the base URL of the archive. Throws ARCHIVE_MISSING where there
   * is none, ARCHIVE_DAMAGED (after a second look, because files are replaced now and then), and what the network throws.
   */
  async fetch(
    base: string,
    file: ArchiveFile,
    { packing }: Pick<ArchiveFeed, 'packing'>,
    mark: string | undefined,
    signal: AbortSignal,
  ): Promise<StagedFile> {
    const backoff = new Backoff({ random: this.ports.random })
    for (let failures = 0, damaged = 0; ; ) {
      signal.throwIfAborted()
      try {
        return await this.once(base, file, packing, mark, signal)
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof CollectorError)) throw error
        if (error.code === 'ARCHIVE_DAMAGED' && ++damaged < 2) continue
        if (error.retry === 'never' || error.code === 'BANNED' || ++failures >= TRIES) throw error
        await this.ports.wait(typeof error.retry === 'object' ? error.retry.afterMs : backoff.next(), signal)
      }
    }
  }

  /** Its length in bytes where the host tells; `undefined` where there is no such file, or none can be asked. */
  async length(base: string, { path }: ArchiveFile, signal: AbortSignal): Promise<number | undefined> {
    try {
      const { status, headers, body } = await this.ports.open(base + path, 'HEAD', signal)
      for await (const _ of body);
      const length = Number(headers['content-length'])
      return status === 200 && Number.isSafeInteger(length) ? length : undefined
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof CollectorError) return undefined
      throw error
    }
  }

  private async once(
    base: string,
    { path, checksum }: ArchiveFile,
    packing: ArchiveFeed['packing'],
    mark: string | undefined,
    signal: AbortSignal,
  ): Promise<StagedFile> {
    const url = base + path
    const expected = checksum === undefined ? undefined : await this.checksum(base + checksum, signal)
    const { body } = await this.get(url, signal)
    const staged = await stageFile(body, join(this.folder, randomUUID()), {
      url,
      packing,
      ...(mark === undefined ? {} : { mark }),
    }).catch((error: unknown) => {
      if (!(error instanceof CollectorError) || error.code !== 'ARCHIVE_DAMAGED') throw error
      throw new CollectorError('ARCHIVE_DAMAGED', `${url}: ${error.message}`, { cause: error })
    })
    if (expected !== undefined && expected !== staged.sha256) {
      await staged.remove()
      throw new CollectorError(
        'ARCHIVE_DAMAGED',
        `${url} has the SHA-256 ${staged.sha256}, the exchange says ${expected}`,
      )
    }
    return staged
  }

  /** The first word of what `sha256sum` writes. */
  private async checksum(url: string, signal: AbortSignal): Promise<string> {
    const { body } = await this.get(url, signal)
    let text = ''
    for await (const piece of body) {
      text += Buffer.from(piece).toString('latin1')
      if (text.length > CHECKSUM_BYTES) break
    }
    const found = /^([0-9a-fA-F]{64})(\s|$)/.exec(text)?.[1]
    if (!found) throw new CollectorError('ARCHIVE_DAMAGED', `${url} is no checksum`)
    return found.toLowerCase()
  }

  private async get(url: string, signal: AbortSignal): Promise<Download> {
    const answer = await this.ports.open(url, 'GET', signal)
    if (answer.status === 200) return answer
    for await (const _ of answer.body) break
    if (answer.status === 404) throw new CollectorError('ARCHIVE_MISSING', `there is no ${url}`)
    throw this.ports.refused(answer) ?? new CollectorError('CONNECT_FAILED', `${url} answered ${answer.status}`)
  }
}
