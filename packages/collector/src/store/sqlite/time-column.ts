/**
 * Times of a block: 64 bits each, as the wire has them, in a row of differences that fit a number.
 *
 * What is written is the distance from one to the next, zigzag, below 2^53, byte planes apart: of seven bytes the high
 * ones are nearly all zero and the low ones nearly random, and together neither compresses.
 */
const PLANES = 7;
const TIME_BYTES = 8;
const HALF = 2 ** 32;
/** Half of what a difference may be, so that its zigzag is exact. */
const MAX_HIGH_DISTANCE = 2 ** 19;

export class TimeColumn {
  baseLow = 0;
  baseHigh = 0;
  #low = 0;
  #high = 0;
  readonly #distances: number[] = [];

  /** Whether all times among these cuts are near enough to what went before; the first of all is the base. */
  fits(bytes: Uint8Array, cuts: Int32Array, count: number): boolean {
    let high = this.#distances.length === 0 ? undefined : this.#high;
    for (let cut = 0; cut < count * 2; cut += 2) {
      if (cuts[cut + 1]! > 0) continue;
      const next = u32(bytes, cuts[cut]! + 4);
      if (high !== undefined && Math.abs(next - high) >= MAX_HIGH_DISTANCE) return false;
      high = next;
    }
    return true;
  }

  add(bytes: Uint8Array, at: number): void {
    const low = u32(bytes, at);
    const high = u32(bytes, at + 4);
    if (this.#distances.length === 0) {
      this.baseLow = this.#low = low;
      this.baseHigh = this.#high = high;
    }
    const distance = (high - this.#high) * HALF + (low - this.#low);
    this.#distances.push(distance < 0 ? -2 * distance - 1 : 2 * distance);
    this.#low = low;
    this.#high = high;
  }

  planes(): Buffer {
    const count = this.#distances.length;
    const planes = Buffer.allocUnsafe(count * PLANES);
    for (const [n, distance] of this.#distances.entries()) {
      const high = Math.floor(distance / HALF);
      for (let plane = 0; plane < 4; plane += 1) planes[plane * count + n] = distance >>> (plane * 8);
      for (let plane = 4; plane < PLANES; plane += 1) planes[plane * count + n] = high >>> ((plane - 4) * 8);
    }
    return planes;
  }
}

/** The times one after the other, as on the wire. Bytes that do not fill the planes are left over. */
export const readTimes = (planes: Uint8Array, baseLow: number, baseHigh: number): Buffer => {
  const count = Math.floor(planes.length / PLANES);
  const times = Buffer.allocUnsafe(count * TIME_BYTES);
  const plane = (n: number, row: number): number => planes[n * count + row]!;
  let low = baseLow;
  let high = baseHigh;
  for (let row = 0; row < count; row += 1) {
    const zigzag =
      plane(0, row) +
      plane(1, row) * 2 ** 8 +
      plane(2, row) * 2 ** 16 +
      plane(3, row) * 2 ** 24 +
      (plane(4, row) + plane(5, row) * 2 ** 8 + plane(6, row) * 2 ** 16) * HALF;
    const distance = zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    const highDistance = Math.floor(distance / HALF);
    low += distance - highDistance * HALF;
    high += highDistance;
    if (low >= HALF) {
      low -= HALF;
      high += 1;
    }
    high >>>= 0;
    times.writeUInt32LE(low, row * TIME_BYTES);
    times.writeUInt32LE(high, row * TIME_BYTES + 4);
  }
  return times;
};

const u32 = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
