/** The exec wrapper alone: what it starts, with which environment. */
import { execFile } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { LAYER } from "./environment.ts";
import { newFolder } from "./task-root.ts";

const GIVEN = { AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x", _HANDLER: "index.handler" };

interface Started {
  readonly env: Record<string, string>;
  readonly args: readonly string[];
  readonly stderr: string;
}

/** What any shell sets by itself. */
const SHELLS_OWN = ["PWD", "OLDPWD", "SHLVL", "_"];

const REPORT = "process.stdout.write(JSON.stringify({ env: process.env, args: process.argv.slice(1) }))";

/** What the runtime sees, if this is it. Without NODE_OPTIONS being read: it may name anything. */
const start = async (variables: Readonly<Record<string, string>> = {}, layer = LAYER): Promise<Started> => {
  const { stdout, stderr } = await promisify(execFile)(
    join(layer, "mayfly"),
    ["/bin/sh", "-c", `options=$NODE_OPTIONS; unset NODE_OPTIONS; OPTIONS=$options exec "$@"`, "sh"].concat(
      [process.execPath, "-e", REPORT, "--"],
      ["two words", "", "'"],
    ),
    { env: { ...GIVEN, ...variables } },
  );
  const { env, args } = JSON.parse(stdout) as Started;
  const { OPTIONS: options, ...others } = Object.fromEntries(
    Object.entries(env).filter(([name]) => !SHELLS_OWN.includes(name)),
  );
  return { env: { ...others, ...(options && { NODE_OPTIONS: options }) }, args, stderr };
};

const MODULES = `${LAYER}/nodejs/node_modules/@mayfly/layer`;
const PRELOAD = `--import=file://${MODULES}/preload.mjs`;

const copied = (name = "opt"): string => {
  const folder = join(newFolder(), name);
  cpSync(LAYER, folder, { recursive: true });
  return folder;
};

test("the runtime is started with its own arguments, the redirected handler and the preload", async () => {
  const { env, args, stderr } = await start();
  expect(args).toEqual(["two words", "", "'"]);
  expect(env).toEqual({
    ...GIVEN,
    _HANDLER: `${MODULES}/redirect.handler`,
    MAYFLY_HANDLER: "index.handler",
    NODE_OPTIONS: PRELOAD,
  });
  expect(stderr).toBe("");
});

test("what NODE_OPTIONS holds is kept, and comes first", async () => {
  const { env } = await start({ NODE_OPTIONS: `--require "./a b.cjs" --no-deprecation` });
  expect(env["NODE_OPTIONS"]).toBe(`--require "./a b.cjs" --no-deprecation ${PRELOAD}`);
});

test("with MAYFLY_SEND=direct nothing is preloaded", async () => {
  const { env } = await start({ MAYFLY_SEND: "direct" });
  expect(env).not.toHaveProperty("NODE_OPTIONS");
  expect(env["MAYFLY_HANDLER"]).toBe("index.handler");
});

test("a handler that was redirected by hand is left so", async () => {
  const byHand = { _HANDLER: `${MODULES}/redirect.handler`, MAYFLY_HANDLER: "index.handler" };
  expect((await start(byHand)).env).toEqual({ ...GIVEN, ...byHand, NODE_OPTIONS: PRELOAD });
});

test.each(["true", "TRUE"])(
  "OTEL_SDK_DISABLED=%s: the function runs without the layer, and nothing is said",
  async (value) => {
    const { env, args, stderr } = await start({ OTEL_SDK_DISABLED: value });
    expect(env).toEqual({ ...GIVEN, OTEL_SDK_DISABLED: value });
    expect(args).toEqual(["two words", "", "'"]);
    expect(stderr).toBe("");
  },
);

test.each([
  "nodejs/node_modules/@mayfly/layer/redirect.mjs",
  "nodejs/node_modules/@mayfly/layer/preload.mjs",
  "nodejs/node_modules/@mayfly/sdk/dist/index.js",
  "nodejs/node_modules/@mayfly/sdk/dist/after-response.js",
  "nodejs",
])("without its %s the function runs without the layer, and that is said", async (path) => {
  const layer = copied();
  rmSync(join(layer, path), { recursive: true });
  const { env, args, stderr } = await start({}, layer);
  expect(env).toEqual(GIVEN);
  expect(args).toEqual(["two words", "", "'"]);
  expect(stderr).toMatch(/^mayfly: \S+ is missing; the function runs without the layer\n$/);
});

test.each(["AWS_Lambda_nodejs20.x", "AWS_Lambda_nodejs18.x", "AWS_Lambda_python3.14", "AWS_Lambda_java25"])(
  "on %s the function runs without the layer, and that is said",
  async (AWS_EXECUTION_ENV) => {
    const { env, stderr } = await start({ AWS_EXECUTION_ENV });
    expect(env).toEqual({ ...GIVEN, AWS_EXECUTION_ENV });
    expect(stderr).toContain(`${AWS_EXECUTION_ENV} is no runtime it knows`);
  },
);

test.each(["AWS_Lambda_nodejs22.x", "AWS_Lambda_nodejs26.x", "AWS_Lambda_nodejs30.x", ""])(
  "on %j it is used",
  async (AWS_EXECUTION_ENV) => {
    expect((await start({ AWS_EXECUTION_ENV })).env["MAYFLY_HANDLER"]).toBe("index.handler");
  },
);

test.each(["a folder", "quote'd", "do$HOME", "a..b"])("unpacked at %j it stays out", async (name) => {
  const { env, stderr } = await start({}, copied(name));
  expect(env).toEqual(GIVEN);
  expect(stderr).toContain("is no path that a handler's name can have");
});

test("without a handler's name it stays out", async () => {
  const { env, stderr } = await start({ _HANDLER: "" });
  expect(env).toEqual({ ...GIVEN, _HANDLER: "" });
  expect(stderr).toContain("_HANDLER is not set");
});

test("the runtime's exit code is that of the wrapper, which is the runtime by then", async () => {
  await expect(
    promisify(execFile)(join(LAYER, "mayfly"), ["/bin/sh", "-c", "exit 7"], { env: GIVEN }),
  ).rejects.toMatchObject({ code: 7 });
});
