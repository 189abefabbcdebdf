/** The code of a function for one test: files by their paths, in a folder of their own. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

export type Files = Readonly<Record<string, string>>;

export const newFolder = (): string => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "mayfly-layer-")));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
};

export const taskRoot = (files: Files): string => {
  const folder = newFolder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
};
