import { setFlagsFromString } from 'node:v8'

/**
 * Tells V8, for all threads of the process, to make every object in the young space. Left alone it learns from the start of a thousand books, whose levels and
 * waiting changes all live on, that such objects do, and from then on makes those of every frame among the old ones, where each costs a barrier and waits for the
 * great collection (`docs/decisions/2026-11-26-thousand-instruments.md`).
 */
export function expectShortLives(): void {
  setFlagsFromString('--no-allocation-site-pretenuring')
}
