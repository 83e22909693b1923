import type { StreamState } from '../api/contract.js'

const TONES: Readonly<Record<StreamState, string>> = {
  waiting: 'busy pulse',
  connecting: 'busy pulse',
  subscribing: 'busy pulse',
  live: 'good',
  degraded: 'warn',
  draining: 'busy hollow',
  failed: 'bad',
  stopped: 'faint hollow',
}

/** The state of a stream: a word, and a dot for those who see colours. */
export function StateBadge({ state }: { state: StreamState }) {
  return <span class={`badge ${TONES[state]}`}>{state}</span>
}
