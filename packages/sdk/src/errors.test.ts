import { describe, expect, test } from "vitest";
import { errorFacts } from "./errors.ts";
import { MAX_CAUSES } from "./limits.ts";

/** What the stack says of types and messages, without frames. */
const said = (thrown: unknown): readonly string[] =>
  (errorFacts(thrown).stackTrace ?? []).filter((line) => !line.startsWith("    at "));

describe("what caused an error stands behind its own stack", () => {
  test("down to the first cause, each with its frames", () => {
    const first = new RangeError("socket closed");
    const error = new Error("order failed", { cause: new TypeError("no answer", { cause: first }) });
    expect(said(error)).toEqual([
      "Error: order failed",
      "caused by: TypeError: no answer",
      "caused by: RangeError: socket closed",
    ]);
    const frames = (first.stack ?? "").split("\n").slice(1);
    expect(frames).not.toEqual([]);
    expect(errorFacts(error).stackTrace?.slice(-frames.length)).toEqual(frames);
  });

  test("whatever it is", () => {
    expect(said(new Error("outer", { cause: "a text" }))).toEqual(["Error: outer", "caused by: string: a text"]);
    expect(said(new Error("outer", { cause: null }))).toEqual(["Error: outer", "caused by: null: null"]);
  });

  test("a loop of causes ends", () => {
    const [a, b] = [new Error("a"), new Error("b")];
    a.cause = b;
    b.cause = a;
    expect(said(a)).toEqual(["Error: a", "caused by: Error: b"]);
  });

  test("a long chain is bounded", () => {
    const depth = MAX_CAUSES * 3;
    const chain = Array.from({ length: depth }).reduce<Error | undefined>(
      (cause, _, n) => new Error(`link ${n}`, { cause }),
      undefined,
    );
    expect(said(chain)).toHaveLength(1 + MAX_CAUSES);
  });

  test("a cause that cannot be read does not hide the error", () => {
    const error = Object.defineProperty(new Error("boom"), "cause", {
      get() {
        throw new Error("no");
      },
    });
    expect(errorFacts(error)).toMatchObject({ errorType: "Error", errorMessage: "boom" });
    expect(said(error)).toEqual(["Error: boom"]);
  });

  test("an error without one has its own stack and no more", () => {
    const error = new Error("boom");
    expect(errorFacts(error).stackTrace?.join("\n")).toBe(error.stack);
    expect(errorFacts("text")).not.toHaveProperty("stackTrace");
  });
});

describe("an error's code", () => {
  const withFields = (fields: object): Error => Object.assign(new Error("boom"), fields);

  test.each([
    ["Node's own", withFields({ code: "ECONNREFUSED" }), "ECONNREFUSED"],
    ["a number", withFields({ code: 23 }), "23"],
    [
      "of an AWS service, whose client names the error by it",
      withFields({ name: "ThrottlingException", $metadata: { httpStatusCode: 400 } }),
      "ThrottlingException",
    ],
    [
      "of an older AWS service",
      withFields({ name: "QueueDoesNotExist", Code: "AWS.SimpleQueueService.NonExistentQueue", $metadata: {} }),
      "AWS.SimpleQueueService.NonExistentQueue",
    ],
    ["none", new Error("boom"), undefined],
    ["none that is a text", withFields({ code: { deep: true } }), undefined],
  ])("is told: %s", (_what, error, code) => {
    expect(errorFacts(error).errorCode).toBe(code);
  });
});

describe("of an AggregateError", () => {
  test("each of its errors is told, with what caused them", () => {
    const errors = ["::1", "127.0.0.1"].map((host) => new Error(`connect ECONNREFUSED ${host}`));
    const failed = new TypeError("fetch failed", { cause: new AggregateError(errors, "all failed") });
    expect(said(failed)).toEqual([
      "TypeError: fetch failed",
      "caused by: AggregateError: all failed",
      "caused by: Error: connect ECONNREFUSED ::1",
      "caused by: Error: connect ECONNREFUSED 127.0.0.1",
    ]);
  });

  test("many are bounded, and what is no error is not told", () => {
    const many = Array.from({ length: 10_000 }, (_, n) => new Error(`${n}`));
    expect(said(new AggregateError(many, "all"))).toHaveLength(1 + MAX_CAUSES);
    const validation = Object.assign(new Error("bad input"), { errors: [{ path: "a" }, { path: "b" }] });
    expect(said(validation)).toEqual(["Error: bad input"]);
  });
});
