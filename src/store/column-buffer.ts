const FIRST_CAPACITY = 256

/** What a cell of a row may be. */
export type Cell = bigint | string | number | boolean | null

/** Stands for null in columns of 64-bit integers: no time and no counter of any venue reaches it. */
export const NULL_INT64 = -(2n ** 63n)
/** Stands for null in columns of 32-bit integers and booleans. */
export const NULL_INT32 = -(2 ** 31)

/** A growing column of 64-bit integers. Capacity doubles; `bytes` is what it holds in memory. */
export class Int64Buffer {
  #values = new BigInt64Array(0)
  #length = 0

  get bytes(): number {
    return this.#values.byteLength
  }

  push(value: bigint | null): void {
    if (this.#length === this.#values.length) this.#grow(this.#length + 1)
    this.#values[this.#length++] = value ?? NULL_INT64
  }

  append(values: BigInt64Array<ArrayBuffer>): void {
    const length = this.#length + values.length
    if (length > this.#values.length) this.#grow(length)
    this.#values.set(values, this.#length)
    this.#length = length
  }

  /** The values so far; their buffer may have room for more. Nothing is added afterwards. */
  freeze(): BigInt64Array<ArrayBuffer> {
    return this.#values.subarray(0, this.#length)
  }

  #grow(length: number): void {
    const grown = new BigInt64Array(Math.max(FIRST_CAPACITY, this.#length * 2, length))
    grown.set(this.#values)
    this.#values = grown
  }
}

/** A growing column of 32-bit integers. */
export class Int32Buffer {
  #values = new Int32Array(0)
  #length = 0

  get bytes(): number {
    return this.#values.byteLength
  }

  push(value: number | null): void {
    if (this.#length === this.#values.length) this.#grow(this.#length + 1)
    this.#values[this.#length++] = value ?? NULL_INT32
  }

  freeze(): Int32Array<ArrayBuffer> {
    return this.#values.subarray(0, this.#length)
  }

  #grow(length: number): void {
    const grown = new Int32Array(Math.max(FIRST_CAPACITY, this.#length * 2, length))
    grown.set(this.#values)
    this.#values = grown
  }
}

/** A growing column of doubles; NaN stands for null. */
export class Float64Buffer {
  #values = new Float64Array(0)
  #length = 0

  get bytes(): number {
    return this.#values.byteLength
  }

  push(value: number): void {
    if (this.#length === this.#values.length) this.#grow(this.#length + 1)
    this.#values[this.#length++] = value
  }

  append(values: Float64Array<ArrayBuffer>): void {
    const length = this.#length + values.length
    if (length > this.#values.length) this.#grow(length)
    this.#values.set(values, this.#length)
    this.#length = length
  }

  freeze(): Float64Array<ArrayBuffer> {
    return this.#values.subarray(0, this.#length)
  }

  #grow(length: number): void {
    const grown = new Float64Array(Math.max(FIRST_CAPACITY, this.#length * 2, length))
    grown.set(this.#values)
    this.#values = grown
  }
}
