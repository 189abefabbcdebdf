/** The file that is published. */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, readdirSync, realpathSync, statSync, symlinkSync, utimesSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { archive } from "../archive.ts";
import { LAYER } from "./environment.ts";
import { newFolder } from "./task-root.ts";

const PACKAGES = resolve(import.meta.dirname, "../..");
const ZIP = resolve(import.meta.dirname, "../dist/layer.zip");
const MAX_BYTES = 1_000_000;

const run = promisify(execFile);

/** As another program unpacks it, with the modes that are in it. */
const UNPACK = `
import os, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as zip:
    assert zip.testzip() is None
    for one in zip.infolist():
        os.chmod(zip.extract(one, sys.argv[2]), one.external_attr >> 16)
        print(one.filename, one.date_time[0], oct(one.external_attr >> 16), one.create_system)
`;

const files = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();

test("it is small", () => {
  expect(statSync(ZIP).size).toBeLessThan(MAX_BYTES);
});

test("unpacked by another program it is exactly the layer, its wrapper executable, everything readable", async () => {
  const folder = newFolder();
  const { stdout } = await run("python3", ["-c", UNPACK, ZIP, folder]);
  expect(files(folder)).toEqual(files(LAYER));
  for (const file of files(folder)) {
    expect(readFileSync(join(folder, file)), file).toEqual(readFileSync(join(LAYER, file)));
    expect(statSync(join(folder, file)).mode & 0o777, file).toBe(file === "mayfly" ? 0o755 : 0o644);
  }
  const names = stdout
    .trim()
    .split("\n")
    .map((line) => line.split(" ")[0] ?? "");
  expect(names).toEqual(names.toSorted());
});

test("it holds the wrapper, the layer's two modules and what of the SDK runs in a function, with the licences", () => {
  expect(files(LAYER)).toEqual([
    "mayfly",
    "nodejs/node_modules/@mayfly/layer/preload.mjs",
    "nodejs/node_modules/@mayfly/layer/redirect.mjs",
    "nodejs/node_modules/@mayfly/sdk/LICENSE",
    "nodejs/node_modules/@mayfly/sdk/THIRD_PARTY_NOTICES",
    "nodejs/node_modules/@mayfly/sdk/dist/after-response.js",
    "nodejs/node_modules/@mayfly/sdk/dist/index.cjs",
    "nodejs/node_modules/@mayfly/sdk/dist/index.js",
    "nodejs/node_modules/@mayfly/sdk/package.json",
  ]);
});

/** The two packages that are built, without what was built of them. */
const copiedSources = (): string => {
  const folder = newFolder();
  for (const [name, kept] of [
    ["sdk", /^(src|dist-types|package\.json|.*\.mjs)$/],
    ["layer", /^(src|exec-wrapper|.*\.ts|package\.json)$/],
  ] as const) {
    const from = join(PACKAGES, name);
    const to = join(folder, "packages", name);
    mkdirSync(to, { recursive: true });
    for (const entry of readdirSync(from)) {
      if (kept.test(entry)) cpSync(join(from, entry), join(to, entry), { recursive: true });
    }
    symlinkSync(realpathSync(join(from, "node_modules")), join(to, "node_modules"));
  }
  cpSync(resolve(PACKAGES, "../LICENSE"), join(folder, "LICENSE"));
  for (const file of files(folder)) utimesSync(join(folder, file), 1, 1);
  return join(folder, "packages");
};

test("the same sources give the same bytes, in another folder, time zone and umask", async () => {
  const packages = copiedSources();
  const elsewhere = { ...process.env, TZ: "Pacific/Auckland", LC_ALL: "C" };
  const command = `umask 077; cd ${packages}/sdk && "$0" build.mjs && cd ../layer && "$0" build.ts`;
  await run("/bin/sh", ["-c", command, process.execPath], { env: elsewhere });
  // Not by toEqual: of two that differ, the difference is looked for until the test's time is over.
  expect(readFileSync(join(packages, "layer/dist/layer.zip")).equals(readFileSync(ZIP))).toBe(true);
});

test("the order in which files are given means nothing", () => {
  const one = { path: "a", content: new Uint8Array([1]), isExecutable: true };
  const other = { path: "b", content: new Uint8Array([2]), isExecutable: false };
  expect(archive([one, other])).toEqual(archive([other, one]));
});
