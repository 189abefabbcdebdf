/** Sending after the response, in the lab: a real process, frozen between invocations, and the Extensions API. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type LogLine, type Moment, type Runtime, startLab } from "@mayfly/lab";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { type Answer, startCollector } from "./collector.ts";

const built = (name: string): string => pathToFileURL(join(import.meta.dirname, "../dist", name)).href;
const PRELOAD = built("after-response.js");
const REGISTER = built("register.js");
const AMPLE_MS = 20_000;

interface Options {
  readonly runtime?: Runtime;
  readonly file?: string;
  readonly handler?: string;
  /** Whose rules for handlers apply. */
  readonly node?: "nodejs22.x";
  readonly answer?: Answer;
  readonly environment?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

const start = async (options: Options = {}) => {
  const { runtime = "built-in", handler = "handler", node, answer, environment, timeoutMs } = options;
  const { file = "after-response.mjs" } = options;
  const collector = await startCollector(answer);
  const moments: Moment[] = [];
  const logs: LogLine[] = [];
  const lab = await startLab(
    {
      functions: {
        one: {
          file: join(import.meta.dirname, "handlers", file),
          handler,
          ...(node && { runtime: node }),
          timeoutMs: timeoutMs ?? AMPLE_MS,
          reservedConcurrency: 1,
          environment: {
            OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
            MAYFLY_FLUSH_BUDGET_MS: String(AMPLE_MS),
            NODE_OPTIONS: `--import=${PRELOAD}`,
            ...environment,
          },
        },
      },
    },
    { runtimeClient: runtime, onMoment: (moment) => moments.push(moment), onLog: (line) => logs.push(line) },
  );
  onTestFinished(() => lab.close());
  const url = `${lab.environment["AWS_ENDPOINT_URL_LAMBDA"]}/2015-03-31/functions/one/invocations`;
  const invoke = async (how = "result"): Promise<unknown> =>
    (await fetch(url, { method: "POST", body: JSON.stringify({ how }) })).json();
  const count = (what: Moment["what"]): number => moments.filter((one) => one.what === what).length;
  const requestIds = (): unknown[] => collector.spans.map(({ attributes }) => attributes["faas.invocation_id"]);
  /** Of the invocations so far, as the lab knows them. */
  const delivered = (): string[] => lab.truth.deliveries.map(({ requestId }) => requestId);
  const frozen = (times: number): Promise<void> =>
    vi.waitFor(() => expect(count("frozen")).toBeGreaterThanOrEqual(times), AMPLE_MS);
  return { collector, lab, logs, moments, invoke, count, requestIds, delivered, frozen };
};

const RUNTIMES: readonly Runtime[] = ["built-in", "aws-lambda-ric"];
const isThere = (runtime: Runtime): boolean =>
  runtime === "built-in" ||
  process.env["CI"] === "true" ||
  existsSync(
    join(import.meta.dirname, "../../../runtimes/aws-lambda-ric/node_modules/aws-lambda-ric/rapid-client.node"),
  );

const isThere22 =
  process.env["CI"] === "true" ||
  existsSync(
    join(
      import.meta.dirname,
      "../../../runtimes/aws-lambda-ric-node22/node_modules/aws-lambda-ric/dist/rapid-client.node",
    ),
  );

describe.each(RUNTIMES.filter(isThere))("under %s", (runtime) => {
  test("the response leaves first; the freeze waits until what was sent is answered", async () => {
    let answerNow: (status: number) => void = () => undefined;
    const answered = new Promise<number>((resolve) => (answerNow = resolve));
    const { collector, moments, invoke, count, frozen } = await start({ runtime, answer: () => answered });

    expect(await invoke()).toEqual({ how: "result" });
    await vi.waitFor(() => expect(collector.paths).toHaveLength(2), AMPLE_MS);
    expect(count("frozen"), "since init").toBe(1);
    answerNow(200);
    await frozen(2);

    expect(collector.spans).toHaveLength(1);
    const order = moments.map(({ what }) => what);
    expect(order.lastIndexOf("response")).toBeLessThan(order.lastIndexOf("extensionNext"));
    expect(order.lastIndexOf("extensionNext")).toBeLessThan(order.lastIndexOf("frozen"));
  });

  test("nothing is left behind by a freeze: each invocation has arrived before the next begins", async () => {
    const { collector, invoke, requestIds, delivered, frozen } = await start({ runtime });
    for (let n = 1; n <= 6; n += 1) {
      await invoke(n === 3 ? "error" : "result");
      await frozen(n + 1);
      expect(requestIds()).toEqual(delivered());
    }
    expect(collector.spans[2]).toMatchObject({ status: { code: 2, message: "too far" } });
    expect(collector.logs.filter(({ attributes }) => attributes["outcome"])).toHaveLength(6);
  });

  test("an invocation that nobody observes is let go, and the next one is observed", async () => {
    const { invoke, requestIds, delivered, frozen } = await start({ runtime, handler: "sometimes" });
    await invoke("warm-up");
    await frozen(2);
    await invoke();
    await frozen(3);
    await invoke("warm-up");
    await frozen(4);
    expect(requestIds()).toEqual(delivered().slice(1, 2));
  });

  test.each([
    ["before", [PRELOAD, REGISTER]],
    ["after", [REGISTER, PRELOAD]],
  ])("preloaded %s register, an unchanged function is told once, after its response, and whole", async (_when, all) => {
    let answerNow: (status: number) => void = () => undefined;
    const answered = new Promise<number>((resolve) => (answerNow = resolve));
    const { collector, moments, invoke, count, delivered, frozen } = await start({
      runtime,
      file: "unchanged-esm.mjs",
      answer: () => answered,
      environment: { NODE_OPTIONS: all.map((one) => `--import=${one}`).join(" ") },
    });
    expect(await invoke()).toEqual({ how: "result" });
    await vi.waitFor(() => expect(collector.paths).toHaveLength(2), AMPLE_MS);
    expect(count("frozen"), "since init").toBe(1);
    answerNow(200);
    await frozen(2);
    const order = moments.map(({ what }) => what);
    expect(order.lastIndexOf("response")).toBeLessThan(order.lastIndexOf("extensionNext"));

    for (const [n, how] of ["throw", "result"].entries()) {
      await invoke(how);
      await frozen(n + 3);
    }
    expect(collector.inits).toHaveLength(1);
    const names = collector.spans.map(({ name }) => name);
    expect(names.toSorted()).toEqual(["one", "one", "one", "theirs", "theirs"]);
    const invocations = collector.spans.filter(({ name }) => name === "one");
    expect(invocations.map(({ attributes }) => attributes["faas.invocation_id"])).toEqual(delivered());
    expect(invocations.map(({ status }) => status?.code ?? 0)).toEqual([0, 2, 0]);
    expect(collector.logs.filter(({ attributes }) => attributes["outcome"])).toHaveLength(3);
    expect(collector.spans.at(-1)?.attributes).not.toHaveProperty("mayfly.sdk.after_response_refused");
  });

  test("a registration that comes too late falls back to sending before the response, and says so once", async () => {
    const { collector, logs, invoke, requestIds, delivered } = await start({
      runtime,
      handler: "late",
      environment: { NODE_OPTIONS: "" },
    });
    for (let n = 0; n < 3; n += 1) {
      await invoke();
      expect(requestIds()).toEqual(delivered());
    }
    expect(collector.spans.at(-1)?.attributes["mayfly.sdk.after_response_refused"]).toBe(1);
    await vi.waitFor(() => expect(logs.filter(({ text }) => text.includes("after-response:"))).toHaveLength(1));
  });

  test("a busy environment holds back, and sends what it holds when it ends", async () => {
    const { collector, lab, moments, invoke, requestIds, delivered, frozen } = await start({
      runtime,
      environment: { MAYFLY_HOLD_MS: "60000" },
    });
    for (let n = 0; n < 25; n += 1) await invoke();
    expect(collector.paths.length, "requests for spans and for lines").toBeLessThan(25);
    await frozen(26);
    await lab.idle(); // the lab takes the environment back a moment after it is frozen
    await lab.shutdown("one");
    expect(requestIds()).toEqual(delivered());
    expect(moments.at(-1)).toMatchObject({ what: "exit" });
  });

  test("a collector that never answers costs the environment its budget once, and the caller nothing", async () => {
    const { collector, invoke, frozen } = await start({
      runtime,
      answer: "never",
      environment: { MAYFLY_FLUSH_BUDGET_MS: "200" },
    });
    for (let n = 1; n <= 3; n += 1) {
      expect(await invoke()).toEqual({ how: "result" });
      await frozen(n + 1);
    }
    expect(collector.paths, "one try, of spans and of lines").toHaveLength(2);
  });

  test("near its timeout, what an invocation has is sent as unfinished", async () => {
    const { collector, invoke } = await start({
      runtime,
      timeoutMs: 1_500,
      environment: { MAYFLY_TIMEOUT_MARGIN_MS: "900" },
    });
    expect(await invoke("timeout")).toMatchObject({ errorType: "Sandbox.Timedout" });
    expect(collector.spans.map(({ attributes }) => attributes["mayfly.unfinished"])).toEqual([true]);
  });

  test("a handler around an observed one is one invocation with it, and the environment waits for all of it", async () => {
    const { collector, invoke, requestIds, delivered, frozen } = await start({ runtime, handler: "wrapped" });
    for (let n = 1; n <= 3; n += 1) {
      await invoke();
      await frozen(n + 1);
      expect(requestIds()).toEqual(delivered());
    }
    expect(collector.logs.filter(({ attributes }) => attributes["outcome"])).toHaveLength(3);
  });

  test("a streaming handler that Lambda refuses lets its environment go", async () => {
    const { invoke, requestIds, delivered, frozen } = await start({ runtime, handler: "unpromised" });
    await invoke().catch(() => undefined); // what the caller gets is the runtime's affair
    await frozen(2);
    expect(requestIds()).toEqual(delivered());
  });

  test.skipIf(runtime === "aws-lambda-ric" && !isThere22)(
    "before Node.js 24, a handler that never answers, and one that does by its callback, let their environments go",
    async () => {
      for (const handler of ["silent", "callback"]) {
        const { collector, invoke, requestIds, delivered, frozen } = await start({
          runtime,
          handler,
          node: "nodejs22.x",
          answer: () => new Promise((resolve) => setTimeout(() => resolve(200), 300)),
        });
        for (let n = 1; n <= 2; n += 1) {
          expect(await invoke()).toEqual(handler === "silent" ? null : { how: "callback" });
          expect(collector.spans, "the caller has its answer first").toHaveLength(n - 1);
          await frozen(n + 1);
          expect(requestIds()).toEqual(delivered());
        }
      }
    },
  );
});
