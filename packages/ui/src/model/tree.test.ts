import { expect, test } from "vitest";
import { ORDER } from "../../test/fixtures/order.ts";
import { MS, gap, join, outline, ref, rowsFrom, span } from "../../test/fixtures/story.ts";
import { wideTrace } from "../../test/fixtures/wide.ts";
import { reviveTrace } from "../api/revive.ts";
import { rowsOf } from "./rows.ts";

const told = (...given: Parameters<typeof rowsFrom>): readonly string[] => outline(rowsFrom(...given));
const spanIds = (...given: Parameters<typeof rowsFrom>): readonly string[] =>
  rowsFrom(...given)
    .flatMap((row) => (row.kind === "span" ? [row.view.span.spanId] : []))
    .toSorted();

test("an order through seven functions reads from cause to effect", () => {
  const rows = rowsOf(reviveTrace(ORDER));

  expect(outline(rows)).toEqual([
    "api: POST /orders",
    "  validate order",
    "  DynamoDB PutItem orders",
    "  SQS SendMessage orders",
    "  ~ 059f36b4-87a3-44ab-83d2-661975830a7d",
    "  payment: process orders",
    "    process order",
    "      risk score",
    "      POST /v1/authorizations",
    "      EventBridge PutEvents order.paid",
    "    ~ b4c1d2e3-5a6f-4b70-8c91-2d3e4f5a6b7c",
    "    fulfil: order.paid",
    "      StepFunctions StartExecution fulfilment",
    "      ~ arn:aws:states:eu-central-1:123456789012:execution:fulfilment:o-8841",
    "      reserve: Reserve stock",
    "        DynamoDB UpdateItem stock",
    "      charge: Charge",
    "        POST /v1/charges",
    "      charge: Charge (attempt 2)",
    "        POST /v1/charges",
    "      ship: Ship",
    "        S3 PutObject labels",
    "        SNS Publish shipped",
    "        ~ 3d1f0c77-8d2f-5e6b-b0a4-51c6d9e1f2a3",
    "        notify: shipped process",
    "          SES SendEmail",
    "        SQS SendMessage audit",
    "          ? no-consumer",
  ]);
});

test("the order in which the answer lists spans and joins changes nothing", () => {
  const backwards = { ...ORDER, spans: ORDER.spans.toReversed(), joins: ORDER.joins.toReversed() };

  expect(outline(rowsOf(reviveTrace(backwards)))).toEqual(outline(rowsOf(reviveTrace(ORDER))));
});

test("a batch's records stand in the invocation they ran in, not under their senders", () => {
  const lines = told(
    [
      span("api", { at: [0, 9] }),
      span("send-1", { under: "api", at: [1, 2] }),
      span("send-2", { under: "api", at: [3, 4] }),
      span("batch", { in: "payment", at: [20, 30] }),
      span("record-1", { in: "payment", under: "send-1", at: [21, 22] }),
      span("record-2", {
        in: "payment",
        under: "send-2",
        at: [23, 24],
        links: [{ ...ref("batch"), attributes: { "mayfly.link": "invocation" } }],
      }),
      span("insert", { in: "payment", under: "record-2", at: [23, 24] }),
    ],
    [
      join("send-1", "batch", { relation: "links" }),
      join("send-2", "batch", { relation: "links" }),
      join("send-1", "record-1"),
      join("send-2", "record-2"),
    ],
  );

  expect(lines).toEqual([
    "api: api",
    "  send-1",
    "  ~ m-send-1",
    "  payment: batch",
    "    record-1",
    "    record-2",
    "      insert",
    "  send-2",
    "  ~ m-send-2 → batch",
  ]);
});

test("a record without a link finds its invocation around it, and not the retry of the same request", () => {
  const lines = told(
    [
      span("send", { at: [0, 1] }),
      span("first", { name: "process", in: "payment", at: [10, 20], failed: "timeout" }),
      span("second", { name: "process", in: "payment", at: [40, 50] }),
      span("record", { in: "payment", under: "send", at: [41, 49] }),
    ],
    [
      join("send", "first", { relation: "links" }),
      join("send", "second", { relation: "links" }),
      join("send", "record"),
    ],
  );

  expect(lines).toEqual([
    "api: send",
    "  ~ m-send",
    "  payment: process",
    "  payment: process (attempt 2)",
    "    record",
  ]);
});

test("a cold start's init phase is no waiting", () => {
  const cold = span("pay", {
    in: "payment",
    at: [9, 12],
    attributes: { "faas.coldstart": true, "mayfly.init_duration_ms": 4 },
  });
  const [, wait] = rowsFrom([span("api", { at: [0, 2] }), cold], [join("api", "pay")]);
  expect(wait).toMatchObject({ kind: "join", waits: [{ fromNs: 2 * MS, toNs: 5 * MS }] });
});

test("a message that is delivered twice leads to both invocations under one join, and neither is an attempt", () => {
  const rows = rowsFrom(
    [
      span("send", { at: [0, 1] }),
      span("a", { name: "work", in: "payment#1", at: [5, 7] }),
      span("b", { name: "work", in: "payment#2", at: [6, 9] }),
    ],
    [join("send", "a"), join("send", "b")],
  );

  expect(outline(rows)).toEqual(["api: send", "  ~ m-send", "  payment: work", "  payment: work"]);
});

test("tries after a failure are numbered, and count anew once one succeeded", () => {
  const run = (id: string, number: number, failed?: string) =>
    span(id, { name: "charge", in: `charge#${number}`, at: [number * 10, number * 10 + 5], ...(failed && { failed }) });

  const lines = told(
    [span("send", { at: [0, 1] }), run("a", 1, "declined"), run("b", 2, "declined"), run("c", 3), run("d", 4)],
    ["a", "b", "c", "d"].map((to) => join("send", to)),
  );

  expect(lines.slice(2)).toEqual([
    "  charge: charge",
    "  charge: charge (attempt 2)",
    "  charge: charge (attempt 3)",
    "  charge: charge",
  ]);
});

test("what has two causes stands under the first sender; the other join refers to it", () => {
  const lines = told(
    [
      span("early", { in: "a", at: [0, 1] }),
      span("late", { in: "b", at: [2, 3] }),
      span("work", { in: "c", at: [5, 6] }),
    ],
    [join("late", "work"), join("early", "work")],
  );

  expect(lines).toEqual(["a: early", "  ~ m-early", "  c: work", "b: late", "  ~ m-late → work"]);
});

test("a join that continues goes before an earlier one that links", () => {
  const lines = told(
    [
      span("early", { in: "a", at: [0, 1] }),
      span("late", { in: "b", at: [2, 3] }),
      span("work", { in: "c", at: [5, 6] }),
    ],
    [join("early", "work", { relation: "links" }), join("late", "work")],
  );

  expect(lines).toEqual(["a: early", "  ~ m-early → work", "b: late", "  ~ m-late", "  c: work"]);
});

test("what a missing parent called hangs under its placeholder, which carries the advice", () => {
  const id = "missing-parents-1";
  const rows = rowsFrom(
    [span("a", { in: "a", under: "gone", at: [1, 2] }), span("b", { in: "b", under: "gone", at: [3, 4] })],
    ["a", "b"].map((to) => join({ placeholder: id }, to, { kind: "parent" })),
    {
      placeholders: [{ id, reason: "missing-parent" }],
      gaps: [gap("a", "missing-parent"), gap("b", "missing-parent")],
    },
  );

  expect(outline(rows)).toEqual([`?? ${id}`, `~ ${id}`, "a: a", "b: b"]);
  expect(rows[0]).toMatchObject({ kind: "placeholder", gaps: [{ at: ref("a") }, { at: ref("b") }], descendants: 3 });
});

test("a record whose sender never arrived gives its gap to the placeholder its invocation stands under", () => {
  const id = "missing-parents-1";
  const rows = rowsFrom(
    [span("batch", { in: "payment", at: [0, 9] }), span("record", { in: "payment", under: "gone", at: [1, 2] })],
    [join({ placeholder: id }, "record")],
    { placeholders: [{ id, reason: "missing-parent" }], gaps: [gap("record", "missing-parent")] },
  );

  expect(outline(rows)).toEqual([`?? ${id}`, `~ ${id}`, "payment: batch", "  record"]);
  expect(rows[0]).toMatchObject({ gaps: [{ at: ref("record") }] });
});

test("a gap before a span stands above it, a gap after it below", () => {
  const lines = told([span("api", { at: [0, 9] }), span("send", { under: "api", at: [1, 2] })], [], {
    gaps: [gap("api", "unknown-producer"), gap("send", "no-consumer"), gap("api", "batch-without-records")],
  });

  expect(lines).toEqual(["? unknown-producer", "api: api", "  send", "    ? no-consumer", "  ? batch-without-records"]);
});

test("who may have sent, and a message of which nothing is told, stand above who received; a call that tells no id has it below", () => {
  const api = span("api", { kind: "server", at: [0, 9] });
  const send = span("send", { under: "api", kind: "client", at: [1, 2] });
  const lines = told([api, send], [], {
    gaps: [gap("api", "ambiguous-producer"), gap("api", "no-message-id"), gap("send", "no-message-id")],
  });
  expect(lines).toEqual(["? ambiguous-producer", "? no-message-id", "api: api", "  send", "    ? no-message-id"]);
});

test("an X-Ray Root that led nowhere stands above its span, one that joined it below", () => {
  const spans = [span("api", { in: "api", at: [0, 9] }), span("ship", { in: "ship", at: [10, 12] })];
  const gaps = [gap("ship", "xray-only-context")];
  expect(told(spans.slice(1), [], { gaps })).toEqual(["? xray-only-context", "ship: ship"]);
  expect(told(spans, [join("api", "ship")], { gaps }).at(-1)).toMatch(/^ +\? xray-only-context$/);
});

test("a gap beside a span that a bound cut off is still told", () => {
  expect(told([span("api")], [], { gaps: [gap("elsewhere", "no-consumer")] })).toContain("? no-consumer");
});

test("joins to or from spans that are not in the answer are left out", () => {
  expect(told([span("api")], [join("api", "gone"), join("gone", "api")])).toEqual(["api: api"]);
});

test("invocations that cause each other in a circle begin with the one that started first", () => {
  const lines = told(
    [span("a", { in: "a", at: [0, 1] }), span("b", { in: "b", at: [2, 3] }), span("c", { in: "c", at: [4, 5] })],
    [join("a", "b"), join("b", "c"), join("c", "a")],
  );

  expect(lines).toEqual(["a: a", "  ~ m-a", "  b: b", "    ~ m-b", "    c: c", "      ~ m-c → a"]);
});

test("an invocation in a circle that has another cause stands under that one", () => {
  const lines = told(
    [span("a", { in: "a", at: [1, 2] }), span("b", { in: "b", at: [3, 4] }), span("outer", { in: "c", at: [2, 3] })],
    [join("a", "b"), join("b", "a"), join("outer", "a", { relation: "links" })],
  );

  expect(lines).toEqual(["c: outer", "  ~ m-outer", "  a: a", "    ~ m-a", "    b: b", "      ~ m-b → a"]);
});

test("a function that sends to itself is not its own cause", () => {
  const lines = told([span("a", { at: [0, 9] }), span("send", { under: "a", at: [1, 2] })], [join("send", "a")]);

  expect(lines).toEqual(["api: a", "  send", "  ~ m-send → a"]);
});

test.each([
  ["that names itself as parent", [span("a", { under: "a" })]],
  ["two that name each other", [span("a", { under: "b" }), span("b", { under: "a", at: [1, 2] })]],
  [
    "in different functions that name each other",
    [span("a", { in: "a", under: "b" }), span("b", { in: "b", under: "a" })],
  ],
  ["that come twice with one id", [span("a"), span("a", { name: "again", at: [1, 2] }), span("b", { under: "a" })]],
])("no span is lost: %s", (_, spans) => {
  expect(spanIds(spans)).toEqual(spans.map((one) => one.spanId).toSorted());
});

test("a circle of a parent and a join loses no span", () => {
  const spans = [
    span("a", { in: "a", at: [0, 9] }),
    span("b", { in: "b", under: "a", at: [1, 5] }),
    span("send", { in: "b", under: "b", at: [2, 3] }),
  ];

  expect(spanIds(spans, [join("send", "a")])).toEqual(["a", "b", "send"]);
});

test("a second span of one id stands under the first and begins no invocation", () => {
  const rows = rowsFrom(
    [span("send"), span("work", { in: "b", at: [2, 5] }), span("work", { in: "b", name: "again", at: [3, 4] })],
    [join("send", "work")],
  );

  expect(outline(rows)).toEqual(["api: send", "  ~ m-send", "  b: work", "    again"]);
  expect(rows.map((row) => row.id)).toEqual(["send", "join-work", "work", "work~2"]);
});

test("a wide trace keeps every span and every join once", () => {
  const rows = rowsOf(reviveTrace(wideTrace(1000)));

  expect(rows.filter((row) => row.kind === "span")).toHaveLength(1000);
  expect(rows.filter((row) => row.kind === "join")).toHaveLength(9);
});
