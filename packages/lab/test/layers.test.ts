/** Layers, the wrapper script, and the many ways to name a handler; the layers and functions are written by each test. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { eventually, processState, temporaryFolder } from "./rig.ts";
import { underEachRuntime } from "./runtimes.ts";

/** A folder with these files; a script is one that starts with #!. */
const folderOf = (files: Readonly<Record<string, string>>): string => {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    if (text.startsWith("#!")) chmodSync(file, 0o755);
  }
  return folder;
};

const functionIn = (text: string, name = "index.mjs"): string => join(folderOf({ [name]: text }), name);

const WRAPPER = `#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd)
export WRAPPED_BY="$0" NODE_OPTIONS="$NODE_OPTIONS --import file://$here/preload.mjs"
exec "$@"
`;
const PRELOAD = "globalThis.preloaded = true;";
const FACTS = `export const handler = async () => ({
  pid: process.pid, wrappedBy: process.env.WRAPPED_BY, preloaded: globalThis.preloaded, required: globalThis.required,
});`;

interface Facts {
  readonly pid: number;
  readonly wrappedBy?: string;
  readonly preloaded?: boolean;
  readonly required?: string;
}

underEachRuntime((startRig, { node }) => {
  test("AWS_LAMBDA_EXEC_WRAPPER, a script of a layer, starts the runtime, and finds what lies beside it", async () => {
    const layer = folderOf({ "bin/wrapper": WRAPPER, "bin/preload.mjs": PRELOAD });
    const environment = { AWS_LAMBDA_EXEC_WRAPPER: "/opt/bin/wrapper" };
    const { invoke, lab } = await startRig({
      functions: { one: { file: functionIn(FACTS), layers: [layer], environment } },
    });

    const { result } = await invoke<Facts>("one");
    await lab.idle();

    expect(result).toMatchObject({ wrappedBy: join(layer, "bin/wrapper"), preloaded: true });
    expect(processState(result.pid)).toBe("T");
  });

  test("a wrapper that stays in between is frozen, and ended, together with the runtime that it started", async () => {
    const layer = folderOf({ wrapper: WRAPPER.replace("exec ", ""), "preload.mjs": PRELOAD });
    const environment = { AWS_LAMBDA_EXEC_WRAPPER: "/opt/wrapper" };
    const { invoke, lab } = await startRig({
      functions: { one: { file: functionIn(FACTS), layers: [layer], environment } },
    });

    const { result } = await invoke<Facts>("one");
    await lab.idle();
    await eventually(() => expect(processState(result.pid)).toBe("T"));
    await lab.shutdown("one");

    await eventually(() => expect([undefined, "Z"]).toContain(processState(result.pid)));
  });

  test("of two layers with the same file the later one counts", async () => {
    const [first, second] = [
      folderOf({ wrapper: WRAPPER, "preload.mjs": PRELOAD }),
      folderOf({ "preload.mjs": PRELOAD }),
    ];
    const third = folderOf({ wrapper: WRAPPER, "preload.mjs": PRELOAD });
    const environment = { AWS_LAMBDA_EXEC_WRAPPER: "/opt/wrapper" };
    const layers = [first, third, second];
    const { invoke } = await startRig({ functions: { one: { file: functionIn(FACTS), layers, environment } } });

    expect((await invoke<Facts>("one")).result.wrappedBy).toBe(join(third, "wrapper"));
  });

  test("a wrapper that cannot be executed answers Runtime.InvalidEntrypoint", async () => {
    const environment = { AWS_LAMBDA_EXEC_WRAPPER: "/opt/wrapper" };
    const layers = [folderOf({ wrapper: "no script" })];
    const { invoke } = await startRig({ functions: { one: { file: functionIn(FACTS), layers, environment } } });

    expect((await invoke<{ errorType: string }>("one")).result.errorType).toBe("Runtime.InvalidEntrypoint");
  });

  test("the function's NODE_OPTIONS reach the runtime, and name files of layers by /opt", async () => {
    const layer = folderOf({ "preload.cjs": "globalThis.required = __filename;", "preload.mjs": PRELOAD });
    const environment = { NODE_OPTIONS: "--require /opt/preload.cjs --import /opt/preload.mjs" };
    const { invoke } = await startRig({
      functions: { one: { file: functionIn(FACTS), layers: [layer], environment } },
    });

    expect((await invoke<Facts>("one")).result).toMatchObject({
      required: join(layer, "preload.cjs"),
      preloaded: true,
    });
  });

  test("require finds packages of layers, those for this Node.js first; the function's own come before them", async () => {
    const major = node === "nodejs22.x" ? "node22" : "node24";
    const layer = folderOf({
      "nodejs/node_modules/both/index.js": "module.exports = 'for any';",
      "nodejs/node_modules/any/index.js": "module.exports = 'for any';",
      "nodejs/node_modules/own/index.js": "module.exports = 'of the layer';",
      [`nodejs/${major}/node_modules/both/index.js`]: `module.exports = 'for ${major}';`,
    });
    const folder = folderOf({
      "index.cjs":
        "const found = ['both', 'any', 'own'].map((name) => require(name)); exports.handler = async () => found;",
      "node_modules/own/index.js": "module.exports = 'its own';",
    });
    const { invoke } = await startRig({ functions: { one: { file: join(folder, "index.cjs"), layers: [layer] } } });

    expect((await invoke("one")).result).toEqual([`for ${major}`, "for any", "its own"]);
  });

  test("what is loaded before the runtime may put another handler in place of the function's", async () => {
    const layer = folderOf({
      "redirect.cjs":
        "process.env.ORIGINAL = process.env._HANDLER; process.env._HANDLER = `${__dirname}/nodejs/around.handler`;",
      "nodejs/around.mjs": `
        const { handler: original } = await import(process.env.LAMBDA_TASK_ROOT + "/" + process.env.ORIGINAL.split(".")[0] + ".mjs");
        export const handler = async (event) => ({ around: await original(event) });`,
    });
    const file = functionIn("export const handler = async ({ order }) => `order ${order}`;");
    const environment = { NODE_OPTIONS: "--require /opt/redirect.cjs" };
    const { invoke } = await startRig({ functions: { one: { file, layers: [layer], environment } } });

    expect((await invoke("one", { order: 7 })).result).toEqual({ around: "order 7" });
  });

  test.each([
    ["an export's own member", "routes.create", "created"],
    ["a member of a member", "routes.admin.remove", "removed"],
    ["a method of an instance, inherited", "instance.handle", "handled"],
    ["a method that has its instance", "instance.bound", "bound to an instance"],
  ])("a handler may be %s", async (_what, handler, result) => {
    const file = functionIn(`
      class Orders {
        name = "an instance";
        bound = async () => "bound to " + this.name;
        async handle() { return "handled"; }
      }
      export const instance = new Orders();
      export const routes = { create: async () => "created", admin: { remove: async () => "removed" } };`);
    const { invoke } = await startRig({ functions: { one: { file, handler } } });

    expect((await invoke("one")).result).toBe(result);
  });

  test("a handler may lie in a folder of the task root, in which the process runs", async () => {
    const taskRoot = folderOf({
      "src/api/index.mjs": `export const handler = async () => {
        const { _HANDLER, LAMBDA_TASK_ROOT } = process.env;
        return { _HANDLER, LAMBDA_TASK_ROOT, cwd: process.cwd() };
      };`,
    });
    const { invoke } = await startRig({ functions: { one: { file: join(taskRoot, "src/api/index.mjs"), taskRoot } } });

    expect((await invoke("one")).result).toEqual({
      _HANDLER: "src/api/index.handler",
      LAMBDA_TASK_ROOT: taskRoot,
      cwd: taskRoot,
    });
  });

  test.each([
    { what: "that is no function", handler: "count", errorType: "Runtime.HandlerNotFound" },
    { what: "with two dots", handler: "..", errorType: "Runtime.MalformedHandlerName" },
  ])("a handler $what is refused", async ({ handler, errorType }) => {
    const { invoke } = await startRig({ functions: { one: { file: functionIn("export const count = 1;"), handler } } });

    expect((await invoke<{ errorType: string }>("one")).result.errorType).toBe(errorType);
  });

  test("a _HANDLER that leads to no file answers Runtime.ImportModuleError", async () => {
    const layer = folderOf({ "redirect.cjs": "process.env._HANDLER = 'nowhere.handler';" });
    const environment = { NODE_OPTIONS: "--require /opt/redirect.cjs" };
    const { invoke } = await startRig({
      functions: { one: { file: functionIn(FACTS), layers: [layer], environment } },
    });

    expect((await invoke<{ errorType: string }>("one")).result.errorType).toBe("Runtime.ImportModuleError");
  });
});
