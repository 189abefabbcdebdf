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
