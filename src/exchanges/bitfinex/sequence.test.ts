import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { capturesOf, type Recorded, readRecordFolder, readRecordings } from '../../../testkit/recordings.js'
import type { Reading } from '../exchange.js'
import { bitfinex } from './bitfinex.js'

/** The received frames of each connection, in order. */
function connections(records: readonly Recorded[]): Recorded[][] {
  return capturesOf(records).flatMap((capture) => {
    const frames = capture.records.filter(({ direction, transport }) => direction === 'in' && transport === 'ws')
    return [...new Set(frames.map(({ conn }) => conn))].map((own) => frames.filter(({ conn }) => conn === own))
  })
}

const documented = connections(readRecordFolder(join(import.meta.dirname, 'frames')))
const recorded = connections((readRecordings('bitfinex') ?? []).filter(({ kind }) => kind === 'recorded'))
const breaks = (reading: Reading | undefined) => reading?.events.filter(({ kind }) => kind === 'break') ?? []
const isChannelMessage = ({ message }: Recorded) => message.startsWith('[')
/** How many frames after a disturbance are looked at, and how many disturbances per connection are tried. */
const REACH = 12
const TRIES = 400

function converse(state?: Parameters<typeof bitfinex.live.converse>[1]) {
  return bitfinex.live.converse({ path: '/ws/2', subscriptions: [], accept: 'all' }, state)
}

/** Reads a connection, at every frame trying what `disturb` makes of the next ones; returns how many disturbances stayed unseen. */
function unseen(frames: readonly Recorded[], disturb: (next: readonly Recorded[]) => readonly Recorded[]) {
  const conversation = converse()
  const every = Math.max(1, Math.floor(frames.length / TRIES))
  let tried = 0
  let missed = 0
  frames.forEach((frame, at) => {
    const next = frames.slice(at, at + REACH)
    if (at % every === 0 && isChannelMessage(frame) && next.slice(1).filter(isChannelMessage).length >= 3) {
      const disturbed = converse(JSON.parse(JSON.stringify(conversation.state)))
      const before = at > 0 && frames.slice(0, at).some(isChannelMessage)
      const found = disturb(next).some(({ message }) => breaks(disturbed.read(message)).length > 0)
      if (before) tried++
      if (before && !found) missed++
    }
    expect(breaks(conversation.read(frame.message)), frame.place).toEqual([])
  })
  return { tried, missed }
}

describe.each([
  ['documented frames', documented],
  ['recordings', recorded],
] as const)('Bitfinex sequence on %s', (name, all) => {
  // The first message after connecting has nobody before it who could tell.
  const run = name === 'recordings' && !all.length ? it.skip : it

  run('has no hole in what was received, and one for any message that is lost', () => {
    for (const frames of all) {
      const { tried, missed } = unseen(frames, ([, ...rest]) => rest)
      expect(tried).toBeGreaterThan(0)
      expect(missed).toBe(0)
    }
  })

  run('shows any two messages that come in the wrong order', () => {
    for (const frames of all) {
      const swapped = unseen(frames, (next) => {
        const [one, two] = next.filter(isChannelMessage)
        return one && two ? next.map((each) => (each === one ? two : each === two ? one : each)) : next
      })
      expect(swapped.missed).toBe(0)
    }
  })
})
