/**
 * DIR/reserve: room on the disk for the day when there is no other. On a full disk a folder cannot even be read: beside
 * each database that SQLite opens it needs 32 kB. So where there is none left, the reserve is given up, and what reads
 * and what makes room goes on with that; what would only fill the disk again waits until the reserve is back.
 *
 *   whole ── full at the start, or nothing can be removed ──▶ empty ── as much room as it needs, and once more ──▶ whole
 *
 * No file: nothing is reserved, and nothing waits; a collector makes it when it starts.
 */
import { closeSync, constants, openSync, rmSync, statfsSync, statSync, truncateSync, writeSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { StoreError } from "../../errors.ts";

export const RESERVE_FILE = "reserve";
/** For some sixty databases, which there are only when sealing has come to nothing for long. */
export const RESERVE_BYTES = 2 * 1024 * 1024;

/** At the start, by whoever works on the folder. Whether it is whole; where the disk is full, it is empty then. */
export const openReserve = (dataDir: string): boolean => {
  const path = join(dataDir, RESERVE_FILE);
  const isWhole = (sizeOf(path) === RESERVE_BYTES || isFilled(path)) && hasRoom(`${path}.probe`);
  if (!isWhole) giveUpReserve(dataDir);
  return isWhole;
};

/** At the end: what was given up, while nobody else has taken it. */
export const keepReserve = (dataDir: string): void => {
  const path = join(dataDir, RESERVE_FILE);
  if (sizeOf(path) !== RESERVE_BYTES && !isFilled(path)) giveUpReserve(dataDir);
};

/** For what makes room, when there is none. Whether there was something to give up. */
export const giveUpReserve = (dataDir: string): boolean => {
  const path = join(dataDir, RESERVE_FILE);
  try {
    if (!sizeOf(path)) return false;
    truncateSync(path, 0);
    return true;
  } catch {
    return false; // it may not be written: there is no room to be had by it
  }
};

/**
 * For what fills the disk, each time before it does; what is little may go on while so many bytes are free. Several threads
 * may fill it again at once: each writes the same bytes of room, and what another has written by now counts as free.
 * Errors: StoreError, where the reserve was given up and there is still no room.
 */
export const refillReserve = (dataDir: string, enoughBytes = 2 * RESERVE_BYTES): void => {
  const path = join(dataDir, RESERVE_FILE);
  const size = sizeOf(path);
  if (size === undefined || size >= RESERVE_BYTES) return;
  const free = freeBytes(dataDir);
  const filled = sizeOf(path) ?? 0; // after what is free: what is written in between counts twice, not never
  if (free + filled >= 2 * RESERVE_BYTES && isFilled(path)) return;
  if (free >= enoughBytes && enoughBytes < 2 * RESERVE_BYTES) return;
  throw new StoreError(
    "store-failed",
    `the disk is full: ${dataDir} has less than ${(2 * RESERVE_BYTES) >> 20} MiB free`,
  );
};

/** What a small write takes. */
const LEAST_BYTES = 65_536;

/** Before something little, of which it is not known whether it will be written. Errors: StoreError, where it cannot be. */
export const checkRoom = (dataDir: string): void => {
  refillReserve(dataDir, RESERVE_BYTES / 2);
  if (freeBytes(dataDir) < LEAST_BYTES)
    throw new StoreError("store-failed", `the disk is full: ${dataDir} has nothing free`);
};

const sizeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.size;

const freeBytes = (folder: string): number => {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
};

/** A quota shows only when it is written to. */
const hasRoom = (path: string): boolean => {
  try {
    return isFilled(path);
  } finally {
    rmSync(path, { force: true });
  }
};

/** Of bytes that no file system packs into less. Never shorter meanwhile than it was: another may be filling it. */
const isFilled = (path: string): boolean => {
  const bytes = randomBytes(RESERVE_BYTES);
  try {
    const file = openSync(path, constants.O_WRONLY | constants.O_CREAT);
    try {
      for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written, undefined, written);
      return true;
    } finally {
      closeSync(file);
    }
  } catch {
    return false;
  }
};
