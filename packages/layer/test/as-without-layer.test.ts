/**
 * Whatever a function is, with the layer it is the same to whoever calls it: each case runs under AWS's own runtime client, once bare and
 * once with the layer, and both have to come to the same.
 */
import { expect, test } from "vitest";
import { LAYER, type Outcome, type Run, startEnvironment, underEachRuntime } from "./environment.ts";
import { type Files, taskRoot } from "./task-root.ts";

interface Case {
  readonly files: Files;
  readonly handler?: string;
  readonly variables?: Readonly<Record<string, string>>;
}

/** What is the caller's business: not where in the runtime an error was made, nor whose import it was that failed. */
const told = ({ kind, body }: Outcome): unknown => {
  if (kind !== "error" && kind !== "init/error") return { kind, body };
  const { errorType, errorMessage } = body as Record<string, string>;
  return { kind, errorType, errorMessage: errorMessage?.replace(/imported from \S+\/(redirect|index)\.mjs\n/, "") };
};

const outcome = async (run: Run): Promise<unknown> => {
  const environment = await startEnvironment(run);
  return told(await environment.invoke({ a: 1 }));
};

const ok = "async (event) => ({ event })";

const WORKING: Record<string, Case> = {
  "an ES module": { files: { "index.mjs": `export const handler = ${ok};` } },
  "a CommonJS module": { files: { "index.cjs": `exports.handler = ${ok};` } },
  "a .js without package.json": { files: { "index.js": `exports.handler = ${ok};` } },
  "a .js in a module package": {
    files: { "package.json": '{"type":"module"}', "index.js": `export const handler = ${ok};` },
  },
  "a .js whose package.json is in a folder above": {
    files: { "package.json": '{"type":"module"}', "src/a/index.js": `export const handler = ${ok};` },
    handler: "src/a/index.handler",
  },
  "a module that awaits": {
    files: {
      "index.mjs": `const name = await new Promise((done) => setTimeout(done, 5, "later")); export const handler = async () => name;`,
    },
  },
  "the first ending of several": {
    files: {
      "index.js": `exports.handler = async () => "js";`,
      "index.mjs": `export const handler = async () => "mjs";`,
      "index.cjs": `exports.handler = async () => "cjs";`,
    },
  },
  ".mjs before .cjs": {
    files: {
      "index.mjs": `export const handler = async () => "mjs";`,
      "index.cjs": `exports.handler = async () => "cjs";`,
    },
  },
  "a file without an ending": { files: { index: `exports.handler = ${ok};` } },
  "a package": {
    files: { "node_modules/orders/index.js": `exports.handler = ${ok};` },
    handler: "orders.handler",
  },
  "a handler that is the default export": { files: { "index.mjs": `export default ${ok};` }, handler: "index.default" },
  "a nested export": {
    files: { "index.mjs": `export const api = { v1: { create: ${ok} } };` },
    handler: "index.api.v1.create",
  },
  "a method that is bound": {
    files: {
      "index.mjs": `class Api { #made = "made"; async create() { return this.#made; } }
        const api = new Api(); export const handler = api.create.bind(api);`,
    },
  },
  "a method that is not": {
    files: {
      "index.mjs": `class Api { made = "made"; async create() { return this?.made ?? "nobody's"; } }
        export const api = new Api();`,
    },
    handler: "index.api.create",
  },
  "a synchronous handler": { files: { "index.mjs": `export const handler = () => "now";` } },
  "a streaming handler": {
    files: {
      "index.mjs": `export const handler = awslambda.streamifyResponse(async (event, stream) => {
        stream.setContentType("text/plain"); stream.write("one "); stream.end("two");
        await new Promise((done) => setTimeout(done, 5));
      });`,
    },
  },
  "a request for what a module sees of its process": {
    files: {
      "index.mjs": `const { env, argv, execArgv } = process;
        const own = { ...env, AWS_LAMBDA_RUNTIME_API: "" };
        const text = JSON.stringify([Object.entries(own).toSorted(), argv, execArgv].flat(2));
        export const handler = async () => text;`,
    },
    variables: { NODE_OPTIONS: "--no-deprecation --stack-trace-limit=20" },
  },
  "what NODE_OPTIONS preloads": {
    files: {
      "early.cjs": "globalThis.early = 1;",
      "index.mjs": `export const handler = async () => globalThis.early;`,
    },
    variables: { NODE_OPTIONS: "--require ./early.cjs" },
  },
  "require.main, module.parent and the name of the module": {
    files: {
      "index.js": `exports.handler = async () => [String(require.main), module.id, String(module.parent?.id), module.children.length]
        .join();`,
    },
  },
};

/** What only one of the runtimes can load, or none. */
const DIFFERENT: Record<string, Case> = {
  "a .js below a package.json that is no JSON": {
    files: { "package.json": "{", "src/index.js": `exports.handler = ${ok};` },
    handler: "src/index.handler",
  },
  "a class's static method": {
    files: { "index.mjs": `export class Api { static async create() { return 1; } }` },
    handler: "index.Api.create",
  },
  "an absolute path outside the task root": {
    files: { "index.mjs": `export { readFileSync as handler } from "node:fs";` },
    handler: "/nowhere/at/all.handler",
  },
  "a folder of the same name": {
    files: { "index/index.js": `exports.handler = ${ok};`, "index.mjs": `export const handler = ${ok};` },
  },
  "a handler with a callback": {
    files: { "index.js": `exports.handler = (event, context, callback) => callback(null, "called");` },
  },
  "a default export": { files: { "index.mjs": `export default { handler: ${ok} };` } },
};

const FAILING: Record<string, Case> = {
  "a module that is not there": { files: {} },
  "an export that is not there": { files: { "index.mjs": "export const other = 1;" } },
  "an export that is no function": { files: { "index.mjs": "export const handler = 1;" } },
  "a nested export that is not there": {
    files: { "index.mjs": "export const api = {};" },
    handler: "index.api.v1.create",
  },
  "a name without an export": { files: { "index.mjs": "" }, handler: "index" },
  "a name that goes up": { files: { "index.mjs": "" }, handler: "../index.handler" },
  "a syntax error, ESM": { files: { "index.mjs": "export const = 1" } },
  "a syntax error, CommonJS": { files: { "index.cjs": "exports. = 1" } },
  "an error while loading, ESM": { files: { "index.mjs": `throw new TypeError("cannot start");` } },
  "an error while loading, CommonJS": { files: { "index.js": `throw new RangeError("cannot start");` } },
  "an error while awaiting": { files: { "index.mjs": `await Promise.reject(new RangeError("cannot start"));` } },
  "text that is thrown": { files: { "index.mjs": `throw "just text";` } },
  "a missing package, ESM": { files: { "index.mjs": `import "not-there"; export const handler = ${ok};` } },
  "a missing package, CommonJS": { files: { "index.js": `require("not-there"); exports.handler = ${ok};` } },
  "a missing file, ESM": { files: { "index.mjs": `import "./not-there.mjs"; export const handler = ${ok};` } },
  "a missing export of another module": { files: { "a.mjs": "", "index.mjs": `import { b } from "./a.mjs"; b();` } },
  "import in a .js that is no module": {
    files: { "package.json": "{}", "index.js": `import "node:fs"; exports.handler = 1;` },
  },
  "the end of the process while loading": { files: { "index.mjs": "process.exit(7);" } },
  "a rejection nobody handles while loading": {
    files: { "index.mjs": `Promise.reject(new Error("nobody's")); await new Promise((done) => setTimeout(done, 50));` },
  },
  "an error of the handler": {
    files: { "index.mjs": `export const handler = async () => { throw new RangeError("too far"); };` },
  },
  "the end of the process": { files: { "index.mjs": `export const handler = async () => process.exit(3);` } },
  "a result that is no JSON": {
    files: { "index.mjs": `export const handler = async () => { const a = {}; a.a = a; return a; };` },
  },
  "a streaming mark that means nothing": {
    files: {
      "index.mjs": `export const handler = Object.assign(${ok}, { [Symbol.for("aws.lambda.runtime.handler.streaming")]: "request" });`,
    },
  },
};

underEachRuntime((runtime) => {
  const outcomes = async ({ files, handler = "index.handler", variables = {} }: Case): Promise<[unknown, unknown]> => {
    const run: Run = { runtime, taskRoot: taskRoot(files), handler, variables };
    return Promise.all([outcome(run), outcome({ ...run, layer: LAYER })]);
  };

  test.each(Object.entries(WORKING))("%s works as without the layer", async (_what, one) => {
    const [bare, layered] = await outcomes(one);
    expect(bare).toMatchObject({ kind: "response" });
    expect(layered).toEqual(bare);
  });

  test.each(Object.entries(DIFFERENT))("%s does as without the layer", async (_what, one) => {
    const [bare, layered] = await outcomes(one);
    expect(layered).toEqual(bare);
  });

  test.each(Object.entries(FAILING))("%s fails as without the layer", async (_what, one) => {
    const [bare, layered] = await outcomes(one);
    expect(bare).not.toMatchObject({ kind: "response" });
    expect(layered).toEqual(bare);
  });
});
