/** The two files that users load, as they are built: each alone in a folder, in a process of its own. */
import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import * as source from "../src/index.ts";

const DIST = resolve(import.meta.dirname, "../dist");
const MAX_BYTES = 110_000;
const NAMES = Object.keys(source).toSorted();

/** What `script` prints as JSON, beside nothing but sdk.mjs and sdk.cjs; with `import` and `require`. */
const run = async (script: string): Promise<unknown> => {
  const folder = await mkdtemp(join(tmpdir(), "mayfly-bundle-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await cp(join(DIST, "index.js"), join(folder, "sdk.mjs"));
  await cp(join(DIST, "index.cjs"), join(folder, "sdk.cjs"));
  const both = `import { createRequire } from "node:module"; const require = createRequire(process.cwd() + "/");\n`;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", both + script], {
    cwd: folder,
    env: { MAYFLY_END_LINE: "off" },
  });
  expect(stderr).toBe("");
  return JSON.parse(stdout);
};

test.each([
  ["import", `await import("./sdk.mjs")`],
  ["require", `require("./sdk.cjs")`],
])("by %s it exports what the source does, and lets the process end", async (_how, load) => {
  const names = await run(
    `console.log(JSON.stringify(Object.keys(${load}).filter((one) => one !== "default").sort()))`,
  );
  expect(names).toEqual(NAMES);
});

test("it wraps, logs and answers", async () => {
  const line = await run(`
    const { logger, observe } = await import("./sdk.mjs");
    const handler = observe(async (event, context) => logger.info({ event }, "hello"));
    await handler(5, { awsRequestId: "r-1" });
  `);
  expect(line).toMatchObject({ level: "INFO", message: "hello", event: 5, requestId: "r-1", seq: 0 });
});

test("import and require in one process are one SDK", async () => {
  const line = await run(`
    const [theirs, ours] = [require("./sdk.cjs"), await import("./sdk.mjs")];
    const handler = ours.observe(async (event, context) => {
      theirs.annotate({ isSame: theirs.observe(handler) === handler });
      theirs.logger.info("hello");
    });
    await handler({}, { awsRequestId: "r-1" });
  `);
  expect(line).toMatchObject({ message: "hello", requestId: "r-1", isSame: true });
});

test.each(["index.js", "index.cjs"])("dist/%s is small", async (file) => {
  const { size } = await stat(join(DIST, file));
  expect(size).toBeLessThan(MAX_BYTES);
});
