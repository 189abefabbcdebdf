/** A disk of our own, for tests that fill it. */
import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Over this folder, in memory. */
export const mountDisk = (folder: string, mebibytes: number): void =>
  void execFileSync("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", folder], { stdio: "ignore" });

export const unmountDisk = (folder: string): void => void execFileSync("umount", ["--lazy", folder]);

/** Whether the system gives one. */
export const mayMount = (): boolean => {
  const place = mkdtempSync(join(tmpdir(), "mayfly-mount-"));
  try {
    mountDisk(place, 1);
    unmountDisk(place);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(place, { recursive: true });
  }
};

/** To the last byte. */
export const fillDisk = (path: string): void => {
  const file = openSync(path, "w");
  try {
    for (const block = Buffer.alloc(4_096); ;) writeSync(file, block);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  } finally {
    closeSync(file);
  }
};
