import { expect, test } from "vitest";
import type { ResourceSpans } from "@mayfly/otlp";
import { START, batch, span } from "../../test/builders.ts";
import { at, hop, opened } from "../../test/stitched.ts";
import { orderDocuments } from "../../test/xray-documents.ts";
import { spansOfExecution } from "../import/step-functions/spans.ts";
import { spansOfTrace } from "../import/xray/trace.ts";
import type { TraceId } from "../model/ids.ts";
import type { SpanRecord } from "../model/span.ts";
import { spanOrigin } from "../normalize/origin.ts";
import { normalizedSpan } from "../normalize/spans.ts";
import type { SummaryRow } from "../store/summaries.ts";

const rowsOf = async (...spans: readonly SpanRecord[]): Promise<readonly SummaryRow[]> => {
  const { store, summaries, summarizer } = await opened();
  await store.append(batch(spans));
  await summarizer.catchUp();
  return (await summaries.page({ all: [], limit: 100 })).rows.map(({ row }) => row);
};

const MS = 1_000_000;

test("a row tells the runs of its functions, and what caused what", async () => {
  const [row] = await rowsOf(...hop);
  expect(row?.invocations).toMatchObject([
    { functionName: "api", serviceName: "api", requestId: "r-api", offsetNs: 0, durationNs: 10 * MS },
    { functionName: "payment", requestId: "r-pay", offsetNs: 20 * MS, durationNs: 10 * MS },
  ]);
  expect(row?.calls).toEqual([{ from: "api", to: "payment", count: 1 }]);
});

test("a run failed where its own span says so, and of what the spans in it say", async () => {
  const declined = { "error.type": "Declined" };
  const [failed, survived] = await rowsOf(
    span("failed", { in: "f", request: "r", error: true, cold: true, attributes: { "mayfly.trigger": "sqs" } }),
    span("call", { parent: "failed", error: true, attributes: declined }),
    span("survived", { trace: "u", in: "g", request: "s", at: at(-1) }),
    span("retried", { trace: "u", in: "g", parent: "survived", error: true, attributes: declined }),
  );
  expect(failed?.invocations).toMatchObject([{ errorType: "Declined", isCold: true, trigger: "sqs" }]);
  expect(survived?.errorCount).toBe(1);
  expect(survived?.invocations[0]).not.toHaveProperty("errorType");
});

test("a batch is one run with one path, in the rows of all its messages", async () => {
  const sent = (n: number) => [
    span(`order ${n}`, { trace: `t${n}`, in: "api", request: `r${n}`, at: at(n) }),
    span(`send ${n}`, { trace: `t${n}`, parent: `order ${n}`, in: "api", kind: 4, produces: [`sqs-message m${n}`] }),
  ];
  const rows = await rowsOf(
    ...sent(1),
    ...sent(2),
    span("batch", {
      trace: "b",
      in: "work",
      request: "r-b",
      batch: 2,
      consumes: ["sqs-message m1", "sqs-message m2", "lambda-request r-b"],
    }),
    ...[1, 2].map((n) =>
      span(`record ${n}`, { trace: "b", parent: "batch", in: "work", consumes: [`sqs-message m${n}`] }),
    ),
  );

  expect(rows).toHaveLength(2);
  const runs = rows.flatMap((row) => row.invocations.filter((one) => one.functionName === "work"));
  expect(runs).toHaveLength(2);
  expect(new Set(runs.map((one) => one.path)).size).toBe(1);
  expect(rows.map((row) => row.calls)).toEqual([
    [{ from: "api", to: "work", count: 1 }],
    [{ from: "api", to: "work", count: 1 }],
  ]);
});

test("a plain service's run is a span that serves or consumes; of spans of one request, the one that says it is the run", async () => {
  const [served, clientAlone] = [
    await rowsOf(span("GET /", { in: "web", kind: 2 }), span("inner", { parent: "GET /", in: "web" })),
    await rowsOf(span("call", { in: "web", kind: 3 })),
  ];
  expect(served[0]?.invocations).toMatchObject([{ functionName: "web" }]);
  expect(clientAlone[0]?.invocations).toEqual([]);

  const [row] = await rowsOf(
    span("invocation", { in: "f", request: "r", consumes: ["lambda-request r"] }),
    span("beside", { in: "f", parent: "invocation", isRemote: true, request: "r" }),
  );
  expect(row?.invocations).toHaveLength(1);
});

const imported = ({ resource, schemaUrl, scopeSpans }: ResourceSpans): readonly SpanRecord[] =>
  scopeSpans.flatMap(({ scope, spans }) =>
    spans.map((one) =>
      normalizedSpan(one, spanOrigin({ resource, scope, resourceSchemaUrl: schemaUrl, scopeSchemaUrl: "" }), START),
    ),
  );

test("of X-Ray's segments only Lambda's are runs: an API and a table are no functions, and call none", async () => {
  const xray = "1-6956b300-0123456789abcdef01234567";
  const documents = orderDocuments(xray).map((text, n) => ({ id: String(n), text }));
  const { resourceSpans } = spansOfTrace(xray.slice(2).replace("-", "") as TraceId, documents);
  const [row] = await rowsOf(...resourceSpans.flatMap(imported));
  expect(row?.name).toBe("orders-api/prod");
  expect(row?.invocations.map(({ functionName }) => functionName)).toEqual(["post-order", "notify"]);
  expect(row?.calls).toEqual([{ from: "post-order", to: "notify", count: 1 }]);
});

test("an imported execution is no run of a function", async () => {
  const stateMachineArn = "arn:aws:states:eu-west-1:123456789012:stateMachine:orders";
  const executionArn = "arn:aws:states:eu-west-1:123456789012:execution:orders:o-1";
  const timestamp = new Date(Number(START / 1_000_000n));
  const events = [{ id: 1, timestamp, type: "ExecutionStarted", executionStartedEventDetails: {} } as const];
  const { resourceSpans } = spansOfExecution({ executionArn, stateMachineArn }, events);
  const [row] = await rowsOf(...imported(resourceSpans));
  expect([row?.name, row?.invocations]).toEqual(["orders", []]);
});
