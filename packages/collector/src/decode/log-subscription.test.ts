import * as fc from "fast-check";
import { expect, test } from "vitest";
import { START } from "../../test/builders.ts";
import { decodeSubscription } from "./log-subscription.ts";

const message = (lines: readonly string[], fields: object = {}): string =>
  JSON.stringify({
    messageType: "DATA_MESSAGE",
    owner: "123456789012",
    logGroup: "/aws/lambda/orders",
    logStream: "2026/01/01/[7]0123456789abcdef",
    subscriptionFilters: ["mayfly"],
    logEvents: lines.map((text, index) => ({
      id: `3195310660696698337880902507980421114328961542429${index}`,
      timestamp: 1_767_225_600_000 + index,
      message: text,
    })),
    ...fields,
  });

const bodies = (record: string) => decodeSubscription(record, START).map(({ lines }) => lines.map(({ body }) => body));

test("a message tells the function, its version and its environment by its log group and stream", () => {
  const [read] = decodeSubscription(message(["one", "two"]), START);
  expect(read?.identity).toEqual({
    functionName: "orders",
    functionVersion: "7",
    accountId: "123456789012",
    logGroup: "/aws/lambda/orders",
    logStream: "2026/01/01/[7]0123456789abcdef",
  });
  expect(read?.lines.map(({ time, body }) => [time, body])).toEqual([
    [START, "one"],
    [START + 1_000_000n, "two"],
  ]);
});

test("a function with a log group of its own is named by its stream", () => {
  const [read] = decodeSubscription(
    message([], { logGroup: "all-of-us", logStream: "2026/01/01/orders[$LATEST]0123" }),
    START,
  );
  expect(read?.identity).toMatchObject({ functionName: "orders", functionVersion: "$LATEST" });
});

test("messages in a row are all read, whatever stands between them", () => {
  expect(bodies(`${message(["a } {"])}\n${message(['b "'])}${message(["c \\"])}`)).toEqual([
    ["a } {"],
    ['b "'],
    ["c \\"],
  ]);
});

test("a control message brings nothing and nothing is wrong with it", () => {
  const control = message(["CWL CONTROL MESSAGE: Checking health of destination Firehose."], {
    messageType: "CONTROL_MESSAGE",
    owner: "CloudwatchLogs",
    logGroup: "",
    logStream: "",
  });
  expect(decodeSubscription(control, START)).toEqual([
    { identity: { accountId: "CloudwatchLogs" }, lines: [], malformed: 0 },
  ]);
});

test("an event that is none is counted, the others are kept", () => {
  const events = [
    { timestamp: 1_767_225_600_000, message: "kept" },
    { message: "no time" },
    { timestamp: "1", message: 2 },
    null,
  ];
  const [read] = decodeSubscription(message([], { logEvents: events }), START);
  expect([read?.lines.map(({ body }) => body), read?.malformed]).toEqual([["kept"], 3]);
});

test("a document that is no message, beside one that is, is counted", () => {
  expect(decodeSubscription(`${message(["kept"])}{"half": tru}`, START).map(({ malformed }) => malformed)).toEqual([
    0, 1,
  ]);
});

test("without messages every line is a line, at the time of its arrival", () => {
  const [read] = decodeSubscription('plain\n\n{"level":"INFO","message":"json"}\nit\'s "odd\n', START);
  expect(read?.lines.map(({ time, body }) => [time, body])).toEqual([
    [START, "plain"],
    [START, { level: "INFO", message: "json" }],
    [START, "it's \"odd"],
  ]);
});

test("any text is read, and none of a message's lines is lost", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.string({ unit: "binary" }), { maxLength: 4 }), { minLength: 1, maxLength: 4 }),
      (messages) => {
        const read = decodeSubscription(messages.map((lines) => message(lines)).join(""), START);
        expect(read.map(({ lines, malformed }) => lines.length + malformed)).toEqual(
          messages.map(({ length }) => length),
        );
      },
    ),
  );
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void decodeSubscription(text, START)));
});

test("many braces and quotes cost one pass", () => {
  const text = '{"'.repeat(500_000);
  expect(decodeSubscription(text, START)).toHaveLength(1);
});
