/**
 * The file of a sealed partition: written once, from its beginning to its end, and never again.
 *
 *   "mayflysealed" version u32 │ blocks, pages of terms, filters, chunks of origins … │ directory │ its length u32, its CRC-32,
 *   "mayflysealed"
 *
 * Not a database: nothing in it changes, each part is one read, has its own checksum, and wastes no rest of a page.
 * A file that was cut short has no end, and says so at once.
 *
 * Errors  StoreError: `store-newer` names the file and both versions; `store-corrupt`; `store-failed` (the disk).
 */
import { closeSync, fstatSync, fsyncSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";
import { StoreError } from "../../errors.ts";
import { readDirectory, type Extent, type SealedDirectory, writeDirectory } from "./sealed-directory.ts";

const MAGIC = Buffer.from("mayflysealed");
const VERSION = 3;
/** Without filters; read as it is. */
const OLDEST_VERSION = 1;
const HEAD_BYTES = MAGIC.length + 4;
const TAIL_BYTES = 8 + MAGIC.length;

export interface SealedFileWriter {
  /** Puts the part behind the others. */
  append(part: Uint8Array): Extent;
  end(directory: SealedDirectory): void;
  /** Everything is on disk then. */
  sync(): void;
  /** Twice is safe. */
  close(): void;
}

/** Where it cannot even be begun, nothing of it stays. */
export const createSealedFile = (path: string): SealedFileWriter => {
  const file = openSync(path, "w");
  let offset = 0;
  let isOpen = true;
  const append = (part: Uint8Array): Extent => {
    const here = { offset, length: part.length };
    for (let written = 0; written < part.length;) written += writeSync(file, part, written);
    offset += part.length;
    return here;
  };
  const close = (): void => {
    if (isOpen) closeSync(file);
    isOpen = false;
  };
  try {
    append(MAGIC);
    append(u32s(VERSION));
  } catch (error) {
    close();
    rmSync(path, { force: true });
    throw error;
  }
  return {
    append,
    end(directory) {
      const bytes = writeDirectory(directory);
      append(bytes);
      append(Buffer.concat([u32s(bytes.length, crc32(bytes)), MAGIC]));
    },
    sync: () => fsyncSync(file),
    close,
  };
};

const u32s = (...numbers: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(numbers.length * 4);
  for (const [n, number] of numbers.entries()) bytes.writeUInt32LE(number, n * 4);
  return bytes;
};

export interface SealedFile {
  readonly directory: SealedDirectory;
  read(part: Extent): Buffer;
  close(): void;
}

export const openSealedFile = (path: string): SealedFile => {
  const file = opened(path);
  const read = ({ offset, length }: Extent): Buffer => {
    const bytes = Buffer.allocUnsafe(length);
    for (let got = 0; got < length;) {
      const more = readSync(file, bytes, got, length - got, offset + got);
      if (more === 0) throw corrupt(path, "ends too early");
      got += more;
    }
    return bytes;
  };
  try {
    return { directory: directoryOf(path, fstatSync(file).size, read), read, close: () => closeSync(file) };
  } catch (error) {
    closeSync(file);
    throw error;
  }
};

const opened = (path: string): number => {
  try {
    return openSync(path, "r");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StoreError("store-unreadable", `cannot open ${path}: ${reason}`, { cause });
  }
};

const directoryOf = (path: string, size: number, read: (part: Extent) => Buffer): SealedDirectory => {
  if (size < HEAD_BYTES + TAIL_BYTES) throw corrupt(path, `has ${size} bytes`);
  const head = read({ offset: 0, length: HEAD_BYTES });
  if (!head.subarray(0, MAGIC.length).equals(MAGIC)) throw corrupt(path, "does not begin like one");
  const version = head.readUInt32LE(MAGIC.length);
  checkVersion(path, version);
  const tail = read({ offset: size - TAIL_BYTES, length: TAIL_BYTES });
  if (!tail.subarray(8).equals(MAGIC)) throw corrupt(path, "was cut short");
  const length = tail.readUInt32LE(0);
  const offset = size - TAIL_BYTES - length;
  if (offset < HEAD_BYTES) throw corrupt(path, "has a directory larger than itself");
  const bytes = read({ offset, length });
  if (crc32(bytes) !== tail.readUInt32LE(4)) throw corrupt(path, "has a damaged directory: its checksum is wrong");
  return readDirectory(bytes, HEAD_BYTES, offset, version);
};

const checkVersion = (path: string, version: number): void => {
  if (version >= OLDEST_VERSION && version <= VERSION) return;
  if (version < OLDEST_VERSION) throw corrupt(path, `has the unknown version ${version}`);
  throw new StoreError("store-newer", `cannot open ${path}: its version is ${version}, this Mayfly knows ${VERSION}`);
};

const corrupt = (path: string, problem: string): StoreError =>
  new StoreError("store-corrupt", `${path} is not a sealed partition: it ${problem}`);
