/**
 * How much telemetry may be in memory at once: bytes of request bodies, packed and unpacked, from their arrival until
 * what they brought is committed.
 *
 * Bytes are taken as they come into being, not as they are announced: four senders who announce the largest body and
 * send nothing would else shut out everybody. A request that finds no room is refused and gives back what it had, so
 * that of many that grow together some always come through.
 *
 * Errors  OverloadError `overloaded`.
 */
import { OverloadError } from "../errors.ts";
import { createTurns, type Turn } from "./turns.ts";

/** Four bodies of the largest size. */
const MAX_HELD_BYTES = 256 * 1024 * 1024;

/** What one request has in memory. */
export interface HeldBytes {
  take(bytes: number): void;
  /** Gives back a part. */
  give(bytes: number): void;
  /** Gives back all; twice is safe. */
  release(): void;
}

export interface Admission {
  open(): HeldBytes;
  /** Of the event loop, before a whole body is worked on. */
  readonly turn: Turn;
  readonly heldBytes: number;
  /** The most that was held since the start. */
  readonly highestHeldBytes: number;
}

export const createAdmission = (maxBytes: number = MAX_HELD_BYTES): Admission => {
  let held = 0;
  let highest = 0;

  const take = (bytes: number): void => {
    if (held + bytes > maxBytes) {
      throw new OverloadError("overloaded", `${held} of ${maxBytes} bytes for requests in flight are taken`);
    }
    held += bytes;
    highest = Math.max(highest, held);
  };

  const open = (): HeldBytes => {
    let own = 0;
    const give = (bytes: number): void => {
      own -= bytes;
      held -= bytes;
    };
    return {
      take(bytes) {
        take(bytes);
        own += bytes;
      },
      give,
      release: () => give(own),
    };
  };

  return {
    open,
    turn: createTurns(),
    get heldBytes() {
      return held;
    },
    get highestHeldBytes() {
      return highest;
    },
  };
};
