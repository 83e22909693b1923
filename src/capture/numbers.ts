/** Stands for nothing: no time, no counter and no frame is that. */
const NONE = -(2n ** 63n)

/**
 * Some whole numbers of 64 bits that change with every frame, in places numbered from 0, each of which may hold none. They lie in a block that all
 * subscriptions of a connection share, outside the heap of objects: as bigints, those of a thousand instruments would each outlive the young space before
 * the next frame replaces them, and the collector of garbage would copy them all.
 */
export class Numbers {
  private readonly block: BigInt64Array
  private readonly first: number

  private constructor(block: BigInt64Array, first: number) {
    this.block = block
    this.first = first
  }

  /** So many places, none of them with a number. */
  static make(places: number): Numbers {
    return new Numbers(new BigInt64Array(places).fill(NONE), 0)
  }

  get(place: number): bigint | undefined {
    const value = this.block[this.first + place]
    return value === NONE ? undefined : value
  }

  set(place: number, value: bigint | null | undefined): void {
    this.block[this.first + place] = value ?? NONE
  }

  /** Those from `place` on. */
  from(place: number): Numbers {
    return new Numbers(this.block, this.first + place)
  }
}
