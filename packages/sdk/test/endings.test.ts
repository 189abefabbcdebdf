/** Environments that end before their handler does, bare and observed, under the lab's own client and under AWS's. */
import { join } from "node:path";
import { type LogLine, type NodeRuntime, type Runtime, isInstalled } from "@mayfly/lab";
import { describe, expect, test, vi } from "vitest";
import { startCollector } from "./collector.ts";
import { startPair } from "./side-by-side.ts";

const FILE = join(import.meta.dirname, "handlers/endings.mjs");

interface UnderTest {
  readonly runtimeClient: Runtime;
  readonly runtime: NodeRuntime;
  /** Lines of ours about a rejection that nobody handles. The client of Node.js 22 listens, and tells of it by itself. */
  readonly rejectionLines: number;
}

const RUNTIMES: readonly UnderTest[] = [
  { runtimeClient: "built-in", runtime: "nodejs24.x", rejectionLines: 1 },
  { runtimeClient: "aws-lambda-ric", runtime: "nodejs24.x", rejectionLines: 1 },
  { runtimeClient: "aws-lambda-ric", runtime: "nodejs22.x", rejectionLines: 0 },
];
const isSkipped = ({ runtimeClient, runtime }: UnderTest): boolean =>
  !isInstalled(runtimeClient, runtime) && process.env["CI"] !== "true";

interface Started {
  readonly handler: string;
  readonly timeoutMs?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

for (const underTest of RUNTIMES) {
  const { runtimeClient, runtime, rejectionLines } = underTest;
  describe.skipIf(isSkipped(underTest))(`under ${runtimeClient}, ${runtime}`, () => {
    const start = async ({ handler, timeoutMs = 10_000, environment = {} }: Started) => {
      const collector = await startCollector();
      const pair = await startPair({
        file: FILE,
        handler,
        timeoutMs,
        runtimeClient,
        runtime,
        environment: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...environment },
      });
      const logsOf = (which: string): readonly LogLine[] =>
        pair.logs.filter(({ functionName }) => functionName === which);
      return { collector, logsOf, ...pair };
    };

    test.each([
      ["is awaited by nobody", 1],
      ["is rejected and handled by nobody", rejectionLines],
      ["exits", 0],
    ])("a handler whose error %s ends as it does without the SDK, with %i line more", async (how, count) => {
      const { invoke, logsOf, lab } = await start({ handler: "ends", environment: { MAYFLY_END_LINE: "off" } });
      expect(await invoke("observed", { how })).toEqual(await invoke("bare", { how }));
      const ours = logsOf("observed").filter(isOurs);
      expect(ours).toHaveLength(count);
      expect(said(logsOf("observed").filter((line) => !isOurs(line)))).toEqual(said(logsOf("bare")));
      for (const { text } of ours)
        expect(JSON.parse(text)).toMatchObject({
          level: "FATAL",
          message: "uncaught error",
          requestId: lab.truth.deliveries.find(({ functionName }) => functionName === "observed")?.requestId,
          errorType: "RangeError",
          errorMessage: expect.stringMatching(/^nobody (?:catches|handles) this$/) as string,
        });
      // Both begin anew.
      expect(await invoke("observed", { how: "result" })).toEqual(await invoke("bare", { how: "result" }));
      const cold = lab.truth.deliveries.map(({ coldStart }) => coldStart);
      expect(cold).toEqual([true, true, true, true]);
    });

    test("an error that the application catches by a listener of its own is caught", async () => {
      const { invoke } = await start({ handler: "ends" });
      const how = "sets its own listener";
      const [observed, bare] = [await invoke("observed", { how }), await invoke("bare", { how })];
      expect(observed).toEqual(bare);
    });

    test("before a timeout all that is open is sent: the invocation, its records, their work, the lines it held, its init", async () => {
      const { collector, invoke, lab } = await start({
        handler: "batch",
        timeoutMs: 4_000,
        environment: { MAYFLY_DEBUG_BUFFER: "on", MAYFLY_TIMEOUT_MARGIN_MS: "2000", MAYFLY_FLUSH_BUDGET_MS: "2000" },
      });
      const record = (digit: string): object => ({
        eventSource: "aws:sqs",
        eventSourceARN: "arn:aws:sqs:eu-west-1:111122223333:orders",
        messageId: `m-${digit}`,
        messageAttributes: {
          traceparent: { dataType: "String", stringValue: `00-${digit.repeat(32)}-${digit.repeat(16)}-01` },
        },
      });
      const answer = await invoke("observed", { Records: [record("1"), record("2"), record("3")] });
      expect(answer.outcome).toBe("timeout");
      await vi.waitFor(() => expect(collector.spans).toHaveLength(5));
      await vi.waitFor(() => expect(collector.logs).toHaveLength(2));
      for (const { attributes, name } of collector.spans) expect(attributes["mayfly.unfinished"], name).toBe(true);
      const waits = collector.spans.filter(({ name }) => name.startsWith("waiting"));
      expect(waits.map(({ name, traceId }) => [name, traceId])).toEqual([
        ["waiting for m-1", "1".repeat(32)],
        ["waiting for m-2", "2".repeat(32)],
      ]);
      for (const { parentSpanId, name } of waits) {
        const parent = collector.spans.find(({ spanId }) => spanId === parentSpanId);
        expect(parent?.attributes).toMatchObject({ orderId: name.slice(-3), "messaging.message.id": name.slice(-3) });
      }
      expect(collector.logs.map(({ body, attributes }) => [body, attributes["orderId"]])).toEqual([
        [{ stringValue: "working on m-1" }, "m-1"],
        [{ stringValue: "working on m-2" }, "m-2"],
      ]);
      expect(collector.inits).toHaveLength(1);
      const requestId = lab.truth.deliveries[0]?.requestId;
      const [invocation] = collector.spans.filter(({ attributes }) => "faas.coldstart" in attributes);
      expect(invocation?.attributes).toMatchObject({ "faas.invocation_id": requestId, "faas.coldstart": true });
    });

    test("a handler that blocks the thread is not seen before its timeout, and ends as it does without the SDK", async () => {
      const { collector, invoke } = await start({ handler: "ends", timeoutMs: 1_000 });
      const how = "blocks the thread";
      expect(await invoke("observed", { how })).toEqual(await invoke("bare", { how }));
      expect(collector.spans).toEqual([]);
    });
  });
}

const isOurs = ({ text }: LogLine): boolean => text.startsWith('{"level":"FATAL"');

/** Without what no two runs share, and without frames: those of the SDK stand among them. */
const said = (lines: readonly LogLine[]): readonly string[] =>
  lines
    .filter(({ text }) => !text.startsWith("    at "))
    .map(({ stream, text }) =>
      `${stream}: ${text}`
        .replaceAll(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, "<id>")
        .replaceAll(/[\d-]+T[\d:.]+Z/g, "<time>")
        .replaceAll(/"(?:stack|trace)":\[.*?\]/g, '"stack":[]'),
    );
