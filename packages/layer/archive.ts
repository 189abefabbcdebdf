/**
 * A zip whose bytes depend on nothing but what is in it: entries in order of their paths, one time for all, modes as given, and a deflate
 * that is the same program everywhere (Node's own zlib changes between versions).
 */
import { type ZippableFile, zipSync } from "fflate";

export interface ArchiveFile {
  readonly path: string;
  readonly content: Uint8Array;
  readonly isExecutable: boolean;
}

/** A zip holds local time, and this is the earliest it can hold. */
const EPOCH = new Date(1980, 0, 1);
const UNIX = 3;
const REGULAR_FILE = 0o100000;

export const archive = (files: readonly ArchiveFile[]): Uint8Array => {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const entries = sorted.map(({ path, content, isExecutable }): [string, ZippableFile] => {
    const mode = REGULAR_FILE | (isExecutable ? 0o755 : 0o644);
    return [path, [content, { os: UNIX, attrs: (mode << 16) >>> 0 }]];
  });
  return zipSync(Object.fromEntries(entries), { level: 9, mtime: EPOCH });
};
