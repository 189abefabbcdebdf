/**
 * A file that is there whole, also after a power loss, or not at all: written beside its place, synced, renamed. Where that
 * fails, what stood beside it is gone again: on a full disk it has the room that was left.
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { syncFolder } from "./sync-folder.ts";

export const writeWhole = (path: string, bytes: Uint8Array): void => {
  const beside = `${path}.new`;
  try {
    writeAndSync(beside, bytes);
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
};

const writeAndSync = (path: string, bytes: Uint8Array): void => {
  const file = openSync(path, "w");
  try {
    for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
};
