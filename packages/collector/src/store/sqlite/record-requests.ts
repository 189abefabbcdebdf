/** Which records came in one request: their block's runs of arrivals, numbered over all blocks of a source. */
import type { Block } from "./block.ts";

/** A block this large may end within a request, which then goes on in the next one. */
const SPLIT_BYTES = 512 * 1024;

export class RecordRequests {
  readonly arrivedAt: bigint[] = [];
  #previous: { readonly length: number; readonly lastArrival: bigint } | undefined;

  /** Must be asked about all blocks, and about the rows of each, in their order. */
  of(block: Block): (row: number) => number {
    let number = this.arrivedAt.length - 1;
    let run = this.#goesOn(block) ? block.request(0) : -1;
    this.#previous =
      block.count === 0 ? undefined : { length: block.bytes.length, lastArrival: block.arrivedAt(block.count - 1) };
    return (row) => {
      if (block.request(row) !== run) {
        run = block.request(row);
        number = this.arrivedAt.push(block.arrivedAt(row)) - 1;
      }
      return number;
    };
  }

  #goesOn(block: Block): boolean {
    const previous = this.#previous;
    if (previous === undefined || block.count === 0 || previous.length < SPLIT_BYTES) return false;
    return block.arrivedAt(0) === previous.lastArrival;
  }
}
