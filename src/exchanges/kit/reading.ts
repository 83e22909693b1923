import type { AdapterEvent } from '../../model/event.js'
import type { Reading } from '../exchange.js'
import { readLossless } from './lossless-json.js'

const NONE: readonly AdapterEvent[] = []

/** Market data of one subscription. */
export function data(subscription: string, events: readonly AdapterEvent[] = NONE): Reading {
  return { kind: 'data', subscription, events }
}

/** Market data of several subscriptions in one frame; none when there is no id. */
export function sharedData(ids: readonly string[], events: readonly AdapterEvent[]): Reading | undefined {
  const [first, ...more] = ids
  if (first === undefined) return undefined
  return more.length ? { kind: 'data', subscription: first, shared: ids, events } : data(first, events)
}

export function confirmed(...ids: string[]): Reading {
  return { kind: 'ack', confirmed: ids, released: [], events: NONE }
}

export function released(...ids: string[]): Reading {
  return { kind: 'ack', confirmed: [], released: ids, events: NONE }
}

export function notice(name: string, action?: 'reconnect' | 'pause' | 'resume'): Reading {
  return { kind: 'notice', name, events: NONE, ...(action ? { action } : {}) }
}

/** `proves`: the subscriptions it speaks for; undefined for the whole connection. */
export function heartbeat(proves?: readonly string[]): Reading {
  return { kind: 'heartbeat', proves, events: NONE }
}

export function bad(reason: string, subscription?: string): Reading {
  return { kind: 'bad', reason, events: NONE, ...(subscription === undefined ? {} : { subscription }) }
}

export function unknown(reason: string, events: readonly AdapterEvent[] = NONE): Reading {
  return { kind: 'unknown', reason, events }
}

/** The reading with events put before its own: those of the connection's counter. */
export function preceded(events: readonly AdapterEvent[], reading: Reading): Reading {
  return events.length ? { ...reading, events: [...events, ...reading.events] } : reading
}

/**
 * Reads one frame of JSON: what is not JSON, and what `meaning` throws at, is `bad`. `whose` names the subscription of such a message where it
 * still can be told. `parse`: numbers as wire text, unless the venue writes prices as text anyway (`readJson`). Never throws.
 */
export function readMessage(
  frame: string,
  meaning: (message: unknown) => Reading,
  whose: (message: unknown) => string | undefined,
  parse: (frame: string) => unknown = readLossless,
): Reading {
  let message: unknown
  try {
    message = parse(frame)
    return meaning(message)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    try {
      return bad(reason, message === undefined ? undefined : whose(message))
    } catch {
      return bad(reason)
    }
  }
}
