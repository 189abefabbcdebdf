/**
 * What the SDK, as it is built, leaves in a process: each time one process with it and one without, doing the same.
 *
 * A program has `observe`, which in the bare process gives the handler back, and `invoke`; it prints JSON with `tell`.
 */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { type TestCollector, startCollector } from "./collector.ts";

const DIST = new URL("../dist/", import.meta.url).href;

const PRELUDE = `
  import { createRequire } from "node:module";
  const load = {
    import: () => import(${JSON.stringify(`${DIST}index.js`)}),
    require: () => createRequire(import.meta.url)(new URL(${JSON.stringify(`${DIST}index.cjs`)}).pathname),
  }[process.env.LOAD] ?? (() => ({ observe: (handler) => handler }));
  const tell = (value) => process.stdout.write(JSON.stringify(value) + "\\n");
  let n = 0;
  const invoke = (handler) =>
    handler({}, { awsRequestId: "r-" + n++, getRemainingTimeInMillis: () => 60_000 }).catch((error) => error.message);
`;

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

type Load = "import" | "require" | "nothing";

const run = async (load: Load, program: string, env: Readonly<Record<string, string>> = {}): Promise<Ended> => {
  const child = spawn(process.execPath, ["--expose-gc", "--input-type=module", "-e", PRELUDE + program], {
    env: { LOAD: load, MAYFLY_END_LINE: "off", AWS_LAMBDA_FUNCTION_NAME: "orders", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const code = new Promise<number | null>((resolve) => void child.on("exit", resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { stdout, stderr, code: await code };
};

/** What it told, all of it in one run without a word on stderr. */
const told = async (load: Load, program: string, env: Readonly<Record<string, string>> = {}): Promise<unknown> => {
  const { stdout, stderr, code } = await run(load, program, env);
  expect([stderr, code]).toEqual(["", 0]);
  return JSON.parse(stdout) as unknown;
};

const endpoint = ({ url }: TestCollector): Record<string, string> => ({ OTEL_EXPORTER_OTLP_ENDPOINT: url });

const LOADS = ["import", "require"] as const;

/** Every property, getters and symbols too, of whatever an application might look at; by identity. */
const GLOBALS = `
  const builtin = (name) => process.getBuiltinModule("node:" + name);
  const MODULES = ["async_hooks", "buffer", "child_process", "crypto", "diagnostics_channel", "dns", "events", "fs", "http",
    "https", "module", "net", "os", "path", "process", "stream", "string_decoder", "timers", "tls", "url", "util", "worker_threads", "zlib"];
  const roots = { globalThis, "process.env": process.env, "process.stdout": process.stdout, "process.stderr": process.stderr };
  for (const key of Object.getOwnPropertyNames(globalThis)) {
    const value = Object.getOwnPropertyDescriptor(globalThis, key).value;
    if ((typeof value !== "function" && (typeof value !== "object" || value === null)) || value === globalThis) continue;
    roots[key] = value;
    if (typeof value === "function" && value.prototype) roots[key + ".prototype"] = value.prototype;
  }
  for (const name of MODULES) {
    const module = builtin(name);
    roots[name] = module;
    for (const key of Object.keys(module))
      if (typeof module[key] === "function" && module[key].prototype) roots[name + "." + key + ".prototype"] = module[key].prototype;
  }
  for (const kind of [async function () {}, function* () {}, async function* () {}]) roots[kind.constructor.name] = kind.constructor.prototype;
  const seen = () => {
    const values = new Map();
    for (const [name, object] of Object.entries(roots))
      for (const key of Reflect.ownKeys(object)) {
        const { value, get, set } = Object.getOwnPropertyDescriptor(object, key);
        values.set(name + " " + String(key), [value, get, set]);
      }
    return values;
  };
  // Listeners are looked at by themselves.
  const changes = (before, after) =>
    [...new Set([...before.keys(), ...after.keys()])].filter((key) => {
      if (/^process _events/.test(key)) return false;
      const [a, b] = [before.get(key), after.get(key)];
      return a === undefined || b === undefined || a.some((one, n) => !Object.is(one, b[n]));
    });
  const listeners = () =>
    Object.fromEntries(process.eventNames().map((name) => [String(name), process.listenerCount(name)]));
`;

test.each(LOADS)(
  "%s leaves no global object, prototype or built-in module changed but for two symbols",
  async (load) => {
    const collector = await startCollector();
    const program = `
    ${GLOBALS}
    // What Node makes at first use is made before, so that it is no change.
    console.log; process.stdin; process.config; builtin("http").globalAgent; performance.now(); process.stdout.write(""); process.stderr.write("");
    const warm = builtin("http").request("http://127.0.0.1:1");
    await new Promise((resolve) => warm.on("error", resolve).end());
    const before = seen();
    const { observe, logger } = await load();
    const handler = observe(async () => { logger?.info("hello"); if (n === 2) throw new Error("boom"); });
    await invoke(handler); await invoke(handler); await invoke(handler);
    process.stderr.write("");
    tell(changes(before, seen()));
  `;
    // Log lines are not what is looked at here.
    const env = { ...endpoint(collector), MAYFLY_LOG_LEVEL: "silent" };
    const bare = (await told("nothing", program, env)) as string[];
    const changed = ((await told(load, program, env)) as string[]).filter((one) => !bare.includes(one));
    expect(collector.spans).toHaveLength(3);
    expect(changed.toSorted()).toEqual([
      "globalThis Symbol(mayfly.sdk.v1)",
      "globalThis Symbol(opentelemetry.js.api.1)",
    ]);
  },
);

test.each(LOADS)("%s adds one listener to the process, a monitor, however many handlers are observed", async (load) => {
  const program = `
    ${GLOBALS}
    const { observe } = await load();
    for (let n = 0; n < 5; n += 1) await invoke(observe(async () => n));
    tell(listeners());
  `;
  const bare = (await told("nothing", program)) as Record<string, number>;
  expect(await told(load, program)).toEqual({ ...bare, uncaughtExceptionMonitor: 1 });
});

test.each(LOADS)("%s changes neither the environment variables nor how errors are made", async (load) => {
  const program = `
    const settings = () => JSON.stringify([process.env, Error.stackTraceLimit, String(Error.prepareStackTrace), process.title, process.exitCode]);
    const before = settings();
    const { observe } = await load();
    await invoke(observe(async () => { throw new Error("boom"); }));
    tell(settings() === before);
  `;
  expect(await told(load, program)).toBe(true);
});

test.each([
  ["there is no collector to send to", undefined],
  ["the collector is well", 200],
  ["the collector is away", 503],
] as const)("after an invocation nothing of the SDK keeps the process alive: %s", async (_when, answer) => {
  const program = `
    const { observe } = await load();
    const handler = observe(async () => "done");
    for (let invocation = 0; invocation < 3; invocation += 1) await invoke(handler);
    // A connection that has served is put aside a turn later.
    await new Promise((resolve) => setImmediate(resolve));
    tell(process.getActiveResourcesInfo());
  `;
  const env = answer && { ...endpoint(await startCollector(answer)), MAYFLY_FLUSH_BUDGET_MS: "20000" };
  expect(await told("import", program, env)).toEqual(await told("nothing", program));
});

test("a probe that gets no answer does not keep the process alive either", async () => {
  const collector = await startCollector(503);
  collector.answer = async () => {
    collector.answer = "never";
    return 503;
  };
  const program = `
    const { observe } = await load();
    const handler = observe(async () => "done");
    await invoke(handler); // opens the breaker
    await invoke(handler); // begins the probe
  `;
  // It ends within the time of this test, which the probe does not.
  const env = { ...endpoint(collector), MAYFLY_FLUSH_BUDGET_MS: "60000", MAYFLY_PROBE_INTERVAL_MS: "0" };
  expect(await run("import", program, env)).toEqual({ stdout: "", stderr: "", code: 0 });
  await expect.poll(() => collector.connections).toBeGreaterThan(0);
  expect(collector.paths.length).toBeLessThanOrEqual(2);
});

test("an invocation that has nobody to send to costs no turn of the event loop, nor does one whose collector is away", async () => {
  const collector = await startCollector("never");
  const program = `
    const { observe } = await load();
    const handler = observe(async () => "done");
    await invoke(handler);
    let turns = 0;
    const turn = () => setImmediate(() => { turns += 1; turn(); }).unref();
    turn();
    await new Promise((resolve) => setImmediate(resolve));
    const before = turns;
    for (let n = 0; n < 100; n += 1) await invoke(handler);
    tell(turns - before);
  `;
  expect(await told("import", program)).toBe(0);
  expect(await told("import", program, { ...endpoint(collector), MAYFLY_FLUSH_BUDGET_MS: "50" })).toBe(0);
});

test("what the function writes is written as ever, byte for byte, with the SDK's own lines switched off", async () => {
  const program = `
    const { observe } = await load();
    await invoke(observe(async () => {
      console.log("plain", { a: [1, "ä"] });
      console.error(new RangeError("too far").message);
      process.stdout.write("no newline");
      process.stdout.write(Buffer.from([0xff, 0xfe, 0x0a]));
    }));
  `;
  const bare = await run("nothing", program);
  for (const load of LOADS) expect(await run(load, program)).toEqual(bare);
});

test.each([
  ["ends by itself", "", 0],
  ["process.exit(3)", "process.exit(3)", 3],
  ["process.exitCode = 4", "process.exitCode = 4", 4],
  [
    "an uncaught error",
    `setImmediate(() => { throw new Error("nobody"); }); await new Promise(() => setTimeout(() => {}, 60_000))`,
    1,
  ],
  [
    "an unhandled rejection",
    `void Promise.reject(new Error("nobody")); await new Promise(() => setTimeout(() => {}, 60_000))`,
    1,
  ],
  [
    "a signal of its own",
    `process.kill(process.pid, "SIGTERM"); await new Promise(() => setTimeout(() => {}, 60_000))`,
    null,
  ],
])("the process ends as without it, with the same exit code: %s", async (_how, work, code) => {
  const collector = await startCollector();
  const program = `const { observe } = await load(); await invoke(observe(async () => { ${work} }));`;
  for (const load of ["nothing", ...LOADS] as const)
    expect((await run(load, program, endpoint(collector))).code).toBe(code);
});

const INVOCATIONS = 600;

/**
 * Heap that is held, in bytes, by so many more invocations; the lesser of two looks at it, since a collection may leave something for
 * later. The event loop turns now and then, as between invocations it does.
 */
const GROWTH = `
  const { observe, span, annotate, logger } = await load();
  const handler = observe(async () => {
    annotate({ orderId: "o-" + n });
    logger.info({ n }, "order received");
    await span("charge card", async () => {});
    if (n % 5 === 0) throw new Error("card refused");
  });
  const many = async () => {
    for (let done = 0; done < ${INVOCATIONS / 2}; done += 1) {
      await invoke(handler);
      if (done % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    gc();
    return process.memoryUsage().heapUsed;
  };
  const lesser = async () => Math.min(await many(), await many());
  await many();
  const before = await lesser();
  process.stderr.write(String((await lesser()) - before));
`;

test.each([
  ["nobody is there to send to", undefined],
  ["the collector takes it", 200],
  ["the collector is away, and the buffers are full", 503],
] as const)("hundreds more invocations hold no more memory: %s", async (_when, answer) => {
  const collector = await startCollector(answer);
  const env = {
    // So small that the buffers are full before the first look.
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "16",
    MAYFLY_REDACT: "off",
    ...(answer && endpoint(collector)),
  };
  const { stderr, code } = await run("import", GROWTH, env);
  // Spans and a line that stayed would be some 2 kB for each invocation.
  expect([code, Number(stderr) < 400 * INVOCATIONS, stderr]).toEqual([0, true, stderr]);
});
