import { expect, test } from "vitest";
import { span } from "../../test/builders.ts";
import { at, hop, id, stored } from "../../test/stitched.ts";
import { findInvocation } from "./invocation.ts";

const names = (spans: readonly { readonly wire: { readonly name: string } }[]): readonly string[] =>
  spans.map(({ wire }) => wire.name);

test("an invocation is its invocation span, its record's spans, and the transaction it worked for", async () => {
  const { store } = await stored(...hop);
  const [attempt, ...others] = await findInvocation(store, "r-pay");
  expect(others).toEqual([]);
  expect(attempt?.unit.root.wire.name).toBe("payment");
  expect(names(attempt?.records.flatMap((unit) => unit.spans) ?? []).toSorted()).toEqual(["charge", "record"]);
  expect(attempt?.stitchedTraceId).toBe(id("t", "POST /orders"));
});

test("a retried event keeps its request id: each try is an attempt, earliest first", async () => {
  const tries = [20, 0, 10].map((start) =>
    span(`try at ${start}`, {
      trace: `try ${start}`,
      request: "r",
      consumes: ["lambda-request r"],
      at: at(start),
      error: start < 20,
    }),
  );
  const { store } = await stored(...tries);
  const attempts = await findInvocation(store, "r");
  expect(names(attempts.map(({ unit }) => unit.root))).toEqual(["try at 0", "try at 10", "try at 20"]);
});

test("a batch is one attempt and names the transactions of its messages", async () => {
  const sends = ["a", "b"].map((name) =>
    span(`send ${name}`, { trace: name, kind: 4, produces: [`sqs-message ${name}`], at: at(0) }),
  );
  const batch = span("batch", {
    trace: "batch",
    in: "consumer",
    request: "r",
    consumes: ["lambda-request r", "sqs-message a", "sqs-message b"],
    links: ["a/send a", "b/send b"],
    at: at(20),
  });
  const { store } = await stored(...sends, batch);
  const [attempt, ...others] = await findInvocation(store, "r");
  expect(others).toEqual([]);
  expect(attempt?.memberOf.toSorted()).toEqual([id("a", "send a"), id("b", "send b")].toSorted());
});

test("a request that no span names has no attempts", async () => {
  const { store } = await stored(span("alone"));
  expect(await findInvocation(store, "unheard of")).toEqual([]);
});
