/** One line of a run. `beside` is the naive way or a peer in the same run; `ratio` = ours / beside, higher is better. */
export interface Figure {
  readonly name: string
  readonly unit: string
  readonly ours: number
  readonly beside: number
  readonly ratio: number
}

export function figure(name: string, unit: string, ours: number, beside: number): Figure {
  return { name, unit, ours, beside, ratio: ours / beside }
}
