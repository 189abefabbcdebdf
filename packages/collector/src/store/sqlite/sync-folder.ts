/** A new name is there after a power loss only when its folder was synced. */
import { closeSync, fsyncSync, openSync } from "node:fs";

export const syncFolder = (folder: string): void => {
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
};
