/** The two files that users load, as they are built: each alone in a folder, in a process of its own. */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { rolldown } from "rolldown";
import { expect, onTestFinished, test } from "vitest";
import * as source from "../src/index.ts";
import { startCollector } from "./collector.ts";
import { AMPLE_BUDGET } from "./fresh-sdk.ts";

const DIST = resolve(import.meta.dirname, "../dist");
const MAX_BYTES = 124_000;
/** Of a function that only observes, minified. */
const MAX_OBSERVING_BYTES = 117_000;
const NAMES = Object.keys(source).toSorted();

const newFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "mayfly-bundle-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
};

/** What `script` prints as JSON, beside nothing but sdk.mjs and sdk.cjs; with `import` and `require`. */
const run = async (script: string): Promise<unknown> => {
  const folder = await newFolder();
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

test("a line of what JSON has no words for is written all the same, cut where it is endless", async () => {
  const line = await run(`
    const { logger } = await import("./sdk.mjs");
    const numbers = Array.from({ length: 102 }, (_, n) => n);
    const order = { id: 2n ** 40n, deep: [[[[[[1]]]]]], numbers, named: { ...numbers } };
    logger.info({ order: Object.assign(order, { loop: order, same: order.deep }) }, "hello");
  `);
  const { id, deep, numbers, named, loop, same } = (line as { order: Record<string, unknown> }).order;
  expect([id, loop, deep]).toEqual([2 ** 40, "[Circular]", [[[["[Array]"]]]]]);
  expect(same).toEqual(deep);
  expect((numbers as unknown[]).slice(99)).toEqual([99, "2 more"]);
  expect(Object.entries(named as object).slice(99)).toEqual([
    ["99", 99],
    ["...", "2 more"],
  ]);
});

test.each(["index.js", "index.cjs"])("dist/%s is small", async (file) => {
  const { size } = await stat(join(DIST, file));
  expect(size).toBeLessThan(MAX_BYTES);
});

test("a function that only observes takes less than 120 kB", async () => {
  const contents = `import { observe } from ${JSON.stringify(join(DIST, "index.js"))}; export const handler = observe(async () => {});`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: DIST },
    bundle: true,
    minify: true,
    platform: "node",
    format: "esm",
    write: false,
  });
  expect(outputFiles[0]?.contents.length).toBeLessThan(MAX_OBSERVING_BYTES);
});

/** What a caller without types may do to it, too. */
const LINES = String.raw`
  const failure = new TypeError("no", { cause: new Error("why") });
  for (const stack of [failure, failure.cause]) stack.stack = "at home";
  const say = (to) => {
    to.info("plain");
    to.info('with "quotes", \\ and \n and \u2028');
    to.info({ text: "a\tb", none: undefined, nothing: null, far: Infinity, yes: true, list: [1, { a: 2 }], at: new Date(0) }, "fields");
    to.info({ fn: () => 1, big: 5n, 'odd "key"': 1, seq: 99 });
    to.info("%s of %d: %j, %o", "one", 2, { three: 3 }, [4], "more");
    to.info({ n: 1 }, "%s%%", 50);
    to.warn(failure);
    to.error({ err: failure, order: 7 }, "wrapped");
    to.error({ error: failure });
    to.fatal(null, "null");
    to.fatal(undefined);
    to.info(42);
    to.info();
    to.debug("not at this level");
    to.info({ get broken() { throw new Error("no") } });
  };
  const child = logger.child({ tenant: "t-1", level: "x", nested: { a: 1 }, gone: undefined });
  for (const one of [logger, child, child.child({ deeper: 2 })]) say(one);
  child.level = "debug";
  child.debug("child"), logger.debug("parent");
  logger.level = "silent";
  logger.fatal("silent");
`;

test("its log lines are those of the whole pino, from which nothing is left out", async () => {
  const folder = await newFolder();
  const linesOf = async (sdk: string): Promise<readonly unknown[]> => {
    const file = join(folder, `${basename(sdk)}.mjs`);
    await writeFile(file, `import { logger } from ${JSON.stringify(sdk)};${LINES}`);
    const { stdout } = await promisify(execFile)(process.execPath, [file], { env: { MAYFLY_END_LINE: "off" } });
    return stdout.split("\n").map((line) => line.replace(/"timestamp":"[^"]*"/, '"timestamp":""'));
  };
  const lines = await linesOf(join(DIST, "index.js"));
  expect(lines.length).toBeGreaterThan(40);
  expect(lines).toEqual(await linesOf(resolve(import.meta.dirname, "../src/index.ts")));
});

/** A function's file, as its author's bundler gets it. */
const ENTRY = `
import { logger, observe, span } from ${JSON.stringify(join(DIST, "index.js"))};
const handler = observe(async () => span("work", async () => logger.info("hello")));
void handler({}, { awsRequestId: "r-1" });
`;

interface Bundling {
  readonly entry: string;
  readonly file: string;
  readonly format: "cjs" | "esm";
  readonly minify: boolean;
}

const BUNDLERS: Readonly<Record<string, (bundling: Bundling) => Promise<unknown>>> = {
  esbuild: ({ entry, file, format, minify }) =>
    build({ entryPoints: [entry], outfile: file, format, minify, bundle: true, platform: "node", logLevel: "error" }),
  rolldown: async ({ entry, file, format, minify }) => {
    await using bundle = await rolldown({ input: entry, platform: "node" });
    await bundle.write({ file, format, minify });
  },
};

const BUNDLINGS = Object.keys(BUNDLERS).flatMap((bundler) =>
  (["cjs", "esm"] as const).flatMap((format) => [false, true].map((minify) => ({ bundler, format, minify }))),
);

test.each(BUNDLINGS)("a function bundled by $bundler to $format, minified $minify, is observed", async (bundling) => {
  const collector = await startCollector();
  const folder = await newFolder();
  const [entry, file] = [join(folder, "entry.mjs"), join(folder, bundling.format === "cjs" ? "out.cjs" : "out.mjs")];
  await writeFile(entry, ENTRY);
  await BUNDLERS[bundling.bundler]?.({ ...bundling, entry, file });
  const { stderr } = await promisify(execFile)(process.execPath, [file], {
    env: { AWS_LAMBDA_FUNCTION_NAME: "checkout", OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...AMPLE_BUDGET },
  });
  expect(stderr).toBe("");
  expect(collector.spans.map(({ name }) => name)).toEqual(["work", "checkout"]);
});

/** V8 passes over the body of a function expression, and reads an arrow's whole; in parentheses it would compile it at once. */
test("functions are compiled when they are called, also in what a bundler has minified", async () => {
  const counted = async (file: string): Promise<readonly number[]> => {
    const text = await readFile(file, "utf8");
    return [/=function\(/g, /=\(function\(/g].map((form) => text.match(form)?.length ?? 0);
  };
  const folder = await newFolder();
  const [entry, file] = [join(folder, "entry.mjs"), join(folder, "out.mjs")];
  await writeFile(entry, ENTRY);
  await BUNDLERS["esbuild"]?.({ entry, file, format: "esm", minify: true });
  for (const one of [join(DIST, "index.js"), file]) {
    const [passedOver = 0, compiled = 0] = await counted(one);
    expect(passedOver).toBeGreaterThan(200);
    expect(compiled).toBeLessThan(10);
  }
});

test("the ES module asks for nothing that a CommonJS bundle has not", async () => {
  const text = await readFile(join(DIST, "index.js"), "utf8");
  expect(text.match(/import\.meta|createRequire|\bfrom\s*["']/g)).toBeNull();
});
