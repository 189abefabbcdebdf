/**
 * Folders of the store, made where they are missing.
 *
 * One by one from the first that is there: Node's own `recursive` never ends where a file system says of a folder in an
 * existing one that it cannot be (`/proc`).
 *
 * Errors  StoreError naming the folder and what to choose instead.
 */
import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { StoreError } from "../../errors.ts";

export const makeFolder = (folder: string): void => {
  try {
    make(resolve(folder));
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StoreError(
      "store-unreadable",
      `cannot keep data in ${folder}: ${reason}; choose a folder that can be written, with --data`,
      { cause },
    );
  }
};

const make = (folder: string): void => {
  const there = statSync(folder, { throwIfNoEntry: false });
  if (there?.isDirectory()) return;
  if (there !== undefined) throw new Error(`${folder} is no folder`);
  make(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error; // another was faster
  }
};
