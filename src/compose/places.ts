import { join } from 'node:path'

// Where the files of this program are, seen from this one: no other asks, because a bundle (`vite.program.config.ts`) keeps only this as deep below `src` as it is written.

/** The entry of every thread. */
export const WORKER = new URL('../worker.js', import.meta.url)
/** Loaded before a program that `dccd chaos` torments. */
export const PRELOAD = new URL('../chaos/preload.js', import.meta.url)
/** The web UI as it was built. */
export const WEB = join(import.meta.dirname, '../../web')
/** A package has it beside `dist`, a checkout beside `src`. */
export const EXAMPLE_CONFIG = [
  join(import.meta.dirname, '../../../config.example.yml'),
  join(import.meta.dirname, '../../config.example.yml'),
] as const
