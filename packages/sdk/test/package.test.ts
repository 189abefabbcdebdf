/** What `npm pack` takes, after a build. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const PACKAGE = resolve(import.meta.dirname, "..");
const REPOSITORY = resolve(PACKAGE, "../..");

/** Declarations that index.d.ts reaches. */
const DECLARATIONS = [
  "each-record.d.ts",
  "index.d.ts",
  "instrument/aws-sdk/install.d.ts",
  "log/logger.d.ts",
  "observe.d.ts",
  "propagate/w3c.d.ts",
  "stitch/attempt-span.d.ts",
  "stitch/keys.d.ts",
  "trace/annotate.d.ts",
  "trace/annotation.d.ts",
  "trace/span.d.ts",
  "trigger/detect.d.ts",
  "trigger/trigger.d.ts",
];

const text = (...path: string[]): Promise<string> => readFile(join(...path), "utf8");

test("exactly the files that users need are packed", async () => {
  const { stdout } = await promisify(execFile)("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: PACKAGE,
  });
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  expect(files.map(({ path }) => path).toSorted()).toEqual(
    [
      "LICENSE",
      "README.md",
      "THIRD_PARTY_NOTICES",
      "dist/after-response.js",
      "dist/esbuild.cjs",
      "dist/esbuild.js",
      "dist/index.cjs",
      "dist/index.js",
      "dist/register.js",
      ...DECLARATIONS.map((file) => `dist/types/${file}`),
      "dist/types/after-response.d.ts",
      "dist/types/register.d.ts",
      "dist/types/esbuild.d.ts",
      "dist/types-cjs/esbuild.d.ts",
      ...DECLARATIONS.map((file) => `dist/types-cjs/${file}`),
      "dist/types-cjs/package.json",
      "package.json",
    ].toSorted(),
  );
});

test("the licence is the project's, and the notices name each package of the bundle with its own", async () => {
  expect(await text(PACKAGE, "LICENSE")).toBe(await text(REPOSITORY, "LICENSE"));
  const notices = await text(PACKAGE, "THIRD_PARTY_NOTICES");
  for (const name of ["@opentelemetry/api", "@opentelemetry/sdk-trace", "pino"]) {
    expect(notices).toContain(`${name} `);
    expect(notices).toContain((await text(PACKAGE, "node_modules", name, "LICENSE")).trim());
  }
  expect(notices).toContain("quick-format-unescaped "); // which only pino asks for
  expect(notices).not.toContain("thread-stream "); // which pino asks for, and the bundle leaves out
});

test("it says which Node.js it needs, and needs no package", async () => {
  const { engines, dependencies } = JSON.parse(await text(PACKAGE, "package.json")) as Record<string, unknown>;
  expect(engines).toEqual((JSON.parse(await text(REPOSITORY, "package.json")) as Record<string, unknown>)["engines"]);
  expect(dependencies).toBeUndefined();
});
