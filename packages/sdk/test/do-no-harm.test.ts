/** Each form of handler in the lab, observed and bare, side by side: whoever calls it cannot tell which is which. */
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { type PlainSpan, startCollector } from "./collector.ts";
import { type Which, startPair } from "./side-by-side.ts";

const FILE = join(import.meta.dirname, "handlers/forms.mjs");
const CJS_FILE = join(import.meta.dirname, "handlers/forms.cjs");
const TIMEOUT_MS = 1_000;

interface Form {
  readonly file?: string;
  readonly runtime?: "nodejs22.x";
}

const startBoth = async (handler: string, { file = FILE, runtime }: Form = {}) => {
  const collector = await startCollector();
  const { lab, logs, invoke } = await startPair({
    file,
    handler,
    timeoutMs: TIMEOUT_MS,
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
    ...(runtime && { runtime }),
  });
  const ending = async (which: Which, how: string) => ({ how, ...(await invoke(which, { ...HTTP_EVENT, how })) });
  return { collector, lab, logs, invoke: ending };
};

const HTTP_EVENT = {
  version: "2.0",
  routeKey: "GET /orders",
  rawPath: "/orders",
  headers: {},
  requestContext: { http: { method: "GET", path: "/orders" } },
};

const listed = (text: string): readonly string[] => text.split(", ");
const VALUES = listed("result, undefined, no JSON, error, text, nothing, result");
const ANY = [...VALUES, "exit", "uncaught", "timeout", "result"];
const ONCE = listed("result, error");
const BY_CALLBACK = listed(
  "result, twice, no error, error, text, succeed, fail, fail with nothing, done, ignored, now, promise, both, throws, waits no longer, result",
);
const STREAMED = listed(
  "ends, bytes and a value, nothing, an object, prelude, a pipe left behind, midway, at once, a throw, no promise, ends",
);

test.each<{ readonly form: string; readonly endings: readonly string[]; readonly options?: Form }>([
  { form: "promise", endings: ANY },
  { form: "sync", endings: VALUES },
  { form: "method", endings: ONCE },
  { form: "commonJs", endings: ONCE, options: { file: CJS_FILE } },
  { form: "callback", endings: BY_CALLBACK, options: { runtime: "nodejs22.x" } },
  { form: "promise", endings: VALUES, options: { runtime: "nodejs22.x" } },
  { form: "sync", endings: ONCE, options: { runtime: "nodejs22.x" } },
  { form: "callback", endings: ["refused by Node.js 24"] },
  { form: "streaming", endings: STREAMED },
  { form: "observedInside", endings: STREAMED },
])("$form, $options: same bytes, error and outcome, however it ends", async ({ form, endings, options }) => {
  const { invoke, lab } = await startBoth(form, options);
  for (const how of endings) {
    const [bare, observed] = await Promise.all([invoke("bare", how), invoke("observed", how)]);
    expect(observed).toEqual(bare);
  }
  const coldStarts = (name: string): boolean[] =>
    lab.truth.deliveries.filter(({ functionName }) => functionName === name).map(({ coldStart }) => coldStart);
  expect(coldStarts("observed"), "environments that ended").toEqual(coldStarts("bare"));
});

/** One for each ending. */
const spansOf = async (form: string, endings: readonly string[], options?: Form): Promise<readonly PlainSpan[]> => {
  const { collector, invoke } = await startBoth(form, options);
  for (const how of endings) await invoke("observed", how);
  await vi.waitFor(() => expect(collector.spans).toHaveLength(endings.length));
  return collector.spans;
};

test("a streamed response's span has its bytes, the time to the first, its status and what broke it", async () => {
  const endings = ["ends", "bytes and a value", "nothing", "prelude", "a pipe left behind", "midway", "at once"];
  const spans = await spansOf("streaming", endings);
  expect(
    spans.map(({ attributes, status }) => [
      attributes["mayfly.response.bytes"],
      typeof attributes["mayfly.response.first_byte_ms"],
      attributes["http.response.status_code"],
      status?.code ?? 0,
      status?.message ?? "",
    ]),
  ).toEqual([
    [7, "number", undefined, 0, ""],
    [4, "number", undefined, 0, ""],
    [undefined, "undefined", undefined, 0, ""],
    [7, "number", 503, 2, ""],
    [7, "number", undefined, 0, ""],
    [4, "number", undefined, 2, "too far"],
    [undefined, "undefined", undefined, 2, "too early"],
  ]);
});

test("a callback's span says how it went, one for each invocation, whatever was called twice or not at all", async () => {
  const endings = ["result", "twice", "error", "fail with nothing", "done", "ignored", "both", "throws", "result"];
  const spans = await spansOf("callback", endings, { runtime: "nodejs22.x" });
  expect(spans.map(({ attributes, status }) => [status?.code ?? 0, attributes["error.type"]])).toEqual([
    [0, undefined],
    [0, undefined],
    [2, "RangeError"],
    [2, "undefined"],
    [0, undefined],
    [0, undefined],
    [0, undefined],
    [2, "RangeError"],
    [0, undefined],
  ]);
});

test("an uncaught error leaves one line with the invocation's ids", async () => {
  const { invoke, lab, logs } = await startBoth("promise");
  await invoke("observed", "uncaught");
  const lines = logs.filter(({ text }) => text.includes('"uncaught error"'));
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]?.text ?? "")).toMatchObject({
    level: "FATAL",
    requestId: lab.truth.deliveries[0]?.requestId,
    traceId: expect.stringMatching(/^[\da-f]{32}$/) as string,
    errorType: "Error",
    errorMessage: "nobody waits for this",
    stackTrace: expect.arrayContaining(["Error: nobody waits for this"]) as string[],
  });
});
