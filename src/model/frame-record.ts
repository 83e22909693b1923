/** One line of a recording (ndjson): a message as it crossed the wire, and when. Fields that are not needed here are not read. */
export interface FrameRecord {
  readonly direction: 'in' | 'out'
  readonly transport: 'ws' | 'http'
  /** Which recording, and which connection of it; null where a line stands alone. */
  readonly capture: string | null
  readonly conn: string | null
  /** Our clock when it came, ISO text in UTC; null when not known. */
  readonly recv: string | null
  readonly url: string | null
  /** The text of the frame or body. */
  readonly message: string
}

/** The record on a line; `undefined` when the line is something else, such as the bare text of a frame. */
export function parseFrameRecord(line: string): FrameRecord | undefined {
  // No frame of an exchange has all of these at its top; the look saves parsing most frames twice.
  if (!line.includes('"transport"') || !line.includes('"direction"')) return undefined
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof json !== 'object' || json === null) return undefined
  const fields = new Map<string, unknown>(Object.entries(json))
  const text = (name: string) => {
    const value = fields.get(name)
    return typeof value === 'string' ? value : null
  }
  const direction = fields.get('direction')
  const transport = fields.get('transport')
  const message = text('message')
  if (direction !== 'in' && direction !== 'out') return undefined
  if (transport !== 'ws' && transport !== 'http') return undefined
  if (message === null) return undefined
  return {
    direction,
    transport,
    capture: text('capture'),
    conn: text('conn'),
    recv: text('recv'),
    url: text('url'),
    message,
  }
}
