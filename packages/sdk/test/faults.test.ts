/**
 * A real function in the lab, bare and observed, while its collector is broken in every way a network knows: the caller cannot tell, the
 * function waits one flush budget in all, and once the collector is back everything arrives, and what happened stands there.
 *
 * The SDK's clock is the handler's to advance (handlers/patient.mjs).
 */
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { certificateForLocalhost } from "./certificate.ts";
import { FAULTS, type Fault, type Faulty, says, startFaulty } from "./faulty.ts";
import { type Pair, startPair } from "./side-by-side.ts";

const FILE = join(import.meta.dirname, "handlers/patient.mjs");
const BUDGET_MS = 1_000;
const PROBE_INTERVAL_MS = 30_000;
/** Enough for any request here, however busy the machine; one that is broken comes to its end nonetheless. */
const WORK_MS = 150;
const PATIENCE = 60;

const EVENTS = [{ how: "result" }, { how: "error" }, { how: "result" }, { how: "result" }, { how: "error" }];

interface Broken {
  readonly faulty: Faulty;
  readonly pair: Pair;
  /** Both functions, each event; what they answer is the same. */
  readonly both: (events: readonly object[]) => Promise<void>;
  /** The collector is well, and time passes, until all that was held is there. */
  readonly recovered: (event?: object) => Promise<void>;
  /** As the last invocation's span says. */
  readonly counted: (name: string) => number;
}

interface Endpoint {
  readonly url: (port: number) => string;
  readonly environment?: Readonly<Record<string, string>>;
}

const startBroken = async (faulty: Faulty, { url, environment }: Endpoint): Promise<Broken> => {
  const pair = await startPair({
    file: FILE,
    timeoutMs: 60_000,
    environment: {
      OTEL_EXPORTER_OTLP_ENDPOINT: url(faulty.port),
      MAYFLY_FLUSH_BUDGET_MS: String(BUDGET_MS),
      MAYFLY_PROBE_INTERVAL_MS: String(PROBE_INTERVAL_MS),
      MAYFLY_LOGS: "stdout",
      ...environment,
    },
  });
  const idsOfObserved = (): string[] =>
    pair.lab.truth.deliveries.flatMap((one) => (one.functionName === "observed" ? [one.requestId] : []));
  const idsOfSpans = (): unknown[] => faulty.collector.spans.map(({ attributes }) => attributes["faas.invocation_id"]);
  return {
    faulty,
    pair,
    async both(events) {
      for (const event of events)
        expect(await pair.invoke("observed", event)).toEqual(await pair.invoke("bare", event));
    },
    async recovered(event = {}) {
      await faulty.mend();
      await pair.invoke("observed", { ...event, laterMs: PROBE_INTERVAL_MS });
      for (let n = 0; n < PATIENCE && faulty.collector.spans.length < idsOfObserved().length; n += 1)
        await pair.invoke("observed", { workMs: WORK_MS, laterMs: PROBE_INTERVAL_MS });
      expect(idsOfSpans()).toEqual(idsOfObserved());
    },
    counted: (name) => Number(faulty.collector.spans.at(-1)?.attributes[`mayfly.sdk.${name}`] ?? 0),
  };
};

/** All of an environment's invocations together; bare sums would count a budget for each. */
const expectOneBudget = ({ counted }: Broken): void => {
  expect(counted("overhead_us") / 1_000).toBeLessThan(2.5 * BUDGET_MS);
};

const plain: Endpoint = { url: (port) => `http://127.0.0.1:${port}` };

const expectUnharmed = async (broken: Broken, recovery?: object): Promise<void> => {
  const { both, recovered, counted } = broken;
  await both(EVENTS);
  await recovered(recovery);
  expect(counted("breaker_opened")).toBe(1);
  expect(counted("flush_failures") + counted("flush_timeouts")).toBeGreaterThan(0);
  expect(counted("dropped_spans")).toBe(0);
  expectOneBudget(broken);
};

test.each(Object.entries(FAULTS) as [string, Fault][])(
  "a collector that %s costs one attempt, and gets everything once it is well",
  async (_how, fault) => {
    const faulty = await startFaulty(fault);
    const broken = await startBroken(faulty, plain);
    await broken.both(EVENTS);
    expect(faulty.met, "connections of five invocations").toBe(1);
    await expectUnharmed(broken);
  },
);

test("a collector that nobody started costs one attempt, and gets everything once it is there", async () => {
  const faulty = await startFaulty(FAULTS["never reads"]);
  await faulty.close();
  await expectUnharmed(await startBroken(faulty, plain));
});

test("TLS to a port that speaks none: the same", async () => {
  const certificate = certificateForLocalhost();
  const plainAnswer = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
  const faulty = await startFaulty((socket) => socket.once("data", () => socket.end(plainAnswer)), certificate);
  await expectUnharmed(
    await startBroken(faulty, {
      url: (port) => `https://localhost:${port}`,
      environment: { NODE_EXTRA_CA_CERTS: certificate.file },
    }),
  );
});

test("a certificate that nobody vouches for: the same, and nothing is sent", async () => {
  const faulty = await startFaulty(FAULTS["never reads"], certificateForLocalhost());
  await faulty.mend();
  const broken = await startBroken(faulty, { url: (port) => `https://localhost:${port}` });
  await broken.both(EVENTS);
  expect(faulty.collector.paths).toEqual([]);
});

test("a name that does not resolve: the same", async () => {
  const faulty = await startFaulty(FAULTS["never reads"]);
  const broken = await startBroken(faulty, { url: (port) => `http://collector.invalid:${port}` });
  await expectUnharmed(broken, { resolves: "collector.invalid" });
  expect(faulty.met).toBe(0);
});

test("a connection that goes dark, and nobody says so, costs one budget; the next attempt takes a new one", async () => {
  const faulty = await startFaulty(FAULTS["never reads"]);
  await faulty.mend();
  const broken = await startBroken(faulty, plain);
  await broken.both([{}]);
  expect(faulty.collector.spans).toHaveLength(1);
  faulty.goDark();
  await expectUnharmed(broken);
  expect(broken.counted("flush_timeouts")).toBeGreaterThan(0);
});

test("while it stays broken there is one attempt per interval, beside the handler", async () => {
  let requests = 0;
  const faulty = await startFaulty((socket) => {
    socket.on("data", () => (requests += 1));
    FAULTS["answers 503"](socket);
  });
  const broken = await startBroken(faulty, plain);
  await broken.both(EVENTS);
  for (let interval = 2; interval <= 4; interval += 1) {
    await broken.pair.invoke("observed", { laterMs: PROBE_INTERVAL_MS });
    await broken.both([{ how: "result", workMs: WORK_MS }, { how: "error" }, { how: "result" }]);
    await vi.waitFor(() => expect(requests).toBe(interval));
  }
  await faulty.close();
  await broken.recovered();
  expect(broken.counted("breaker_opened")).toBe(1);
  expect(broken.counted("flush_failures") + broken.counted("flush_timeouts")).toBeGreaterThanOrEqual(4);
  expectOneBudget(broken);
});

test.each([
  ["500", "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n"],
  ["404", "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"],
  [
    "a redirection, which is not followed,",
    "HTTP/1.1 301 Moved\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
  ],
])(
  "a collector that answers %s has refused: that is lost, counted, said once, and does not stop what comes after",
  async (_what, answer) => {
    const faulty = await startFaulty(says(answer));
    const broken = await startBroken(faulty, plain);
    await broken.both(EVENTS);
    await faulty.close();
    await faulty.mend();
    await broken.both([{}]);
    expect(faulty.collector.spans).toHaveLength(1);
    expect(broken.counted("dropped_spans"), "one each, and that of the init").toBe(EVENTS.length + 1);
    expect(broken.counted("breaker_opened")).toBe(0);
    expect(broken.pair.logs.filter(({ text }) => text.includes("refused what was sent"))).toHaveLength(1);
  },
);

test("a collector that takes all and answers with garbage has it all, and nobody is the worse for it", async () => {
  const faulty = await startFaulty(FAULTS["never reads"]);
  await faulty.mend();
  faulty.collector.answerBody = Buffer.from([0, 255, 10, 13, 123]);
  const broken = await startBroken(faulty, plain);
  await broken.both(EVENTS);
  expect(faulty.collector.spans).toHaveLength(EVENTS.length);
  expect(broken.counted("dropped_spans") + broken.counted("breaker_opened")).toBe(0);
});
