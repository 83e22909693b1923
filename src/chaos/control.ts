import { z } from 'zod'

const control = z.object({
  /** How far the wall clock is off. */
  clock_ms: z.number(),
  /** How much longer each sync takes. */
  sync_ms: z.number(),
  /** Nothing can be written. */
  full: z.boolean(),
})

/** What the machine does to the program under test, as it stands in the file by which it is told. */
export type Control = z.infer<typeof control>

export const QUIET: Control = { clock_ms: 0, sync_ms: 0, full: false }

export function parseControl(text: string): Control {
  return control.parse(JSON.parse(text))
}
