/** Samples that are kept of each stream, one a second: as many as a sparkline shows. */
const SAMPLES = 90

/** The rates of the last seconds, so that who begins to look sees from where they came. Bounded by the streams that there are. */
export class RateHistory {
  readonly #rings = new Map<string, Float32Array>()
  #turn = 0

  /** One sample of every stream there is; what is not among them is forgotten. */
  note(rows: readonly { readonly key: string; readonly rate: number }[]): void {
    const present = new Set<string>()
    for (const { key, rate } of rows) {
      present.add(key)
      let ring = this.#rings.get(key)
      if (!ring) {
        ring = new Float32Array(SAMPLES).fill(Number.NaN)
        this.#rings.set(key, ring)
      }
      ring[this.#turn] = rate
    }
    for (const key of this.#rings.keys()) if (!present.has(key)) this.#rings.delete(key)
    this.#turn = (this.#turn + 1) % SAMPLES
  }

  /** The samples of a stream, the oldest first, since it was first seen. */
  of(key: string): number[] {
    const ring = this.#rings.get(key)
    if (!ring) return []
    const samples = [...ring.subarray(this.#turn), ...ring.subarray(0, this.#turn)]
    return samples.filter((rate) => !Number.isNaN(rate)).map((rate) => Math.round(rate * 10) / 10)
  }
}
