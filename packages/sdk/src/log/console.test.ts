import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FreshSdk, freshSdk, lambdaContext } from "../../test/fresh-sdk.ts";

const METHODS = ["debug", "log", "info", "warn", "error"] as const;
const real = Object.fromEntries(METHODS.map((method) => [method, console[method]])) as Pick<
  Console,
  (typeof METHODS)[number]
>;

/** What the console wrote that was there before, Lambda's own. */
let others: unknown[][] = [];
beforeEach(() => {
  others = [];
  for (const method of METHODS) console[method] = (...args: unknown[]) => void others.push([method, ...args]);
});
afterEach(() => void Object.assign(console, real));

const linesOf = async (work: (sdk: FreshSdk) => unknown, env: Readonly<Record<string, string>> = {}) => {
  const sdk = await freshSdk({ MAYFLY_CONSOLE: "on", MAYFLY_END_LINE: "off", MAYFLY_LOG_LEVEL: "debug", ...env });
  const handler = sdk.observe(async (_event: object, _context: object) => void (await work(sdk)));
  await handler({}, lambdaContext("r-1"));
  return { lines: sdk.lines, sdk };
};

describe("what the handler writes by console", () => {
  test("becomes lines with the invocation's fields, at the level of the method", async () => {
    const { lines, sdk } = await linesOf(({ annotate }) => {
      annotate({ orderId: "o-1" });
      for (const method of METHODS) console[method](`by ${method}`);
    });
    expect(lines.map(({ level, message }) => [level, message])).toEqual([
      ["DEBUG", "by debug"],
      ["INFO", "by log"],
      ["INFO", "by info"],
      ["WARN", "by warn"],
      ["ERROR", "by error"],
    ]);
    for (const line of lines) expect(line).toMatchObject({ requestId: "r-1", orderId: "o-1", coldStart: true });
    expect(lines.map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4]);
    expect(others).toEqual([]);
    sdk.state().releaseConsole?.();
  });

  test.each<[string, unknown[], string]>([
    ["placeholders", ["%s has %d of %j", "lamp", 5, { a: 1 }], 'lamp has 5 of {"a":1}'],
    ["objects", ["stock", { lamp: { left: [1, 2] } }], "stock { lamp: { left: [ 1, 2 ] } }"],
    ["a circle", [circle()], "<ref *1> { self: [Circular *1] }"],
    ["a bigint and a symbol", [1n, Symbol("s")], "1n Symbol(s)"],
    ["nothing", [], ""],
    ["undefined", [undefined], "undefined"],
    ["several lines", ["a\nb"], "a\nb"],
  ])("is written as console writes it: %s", async (_what, args, message) => {
    const { lines } = await linesOf(() => console.log(...args));
    expect(lines).toMatchObject([{ message }]);
  });

  test("an error has its fields: type, message, code, stack and causes", async () => {
    const cause = Object.assign(new Error("connect failed"), { code: "ECONNREFUSED" });
    const error = Object.assign(new TypeError("no stock", { cause }), { code: "E_STOCK" });
    const { lines } = await linesOf(() => {
      console.error(error);
      console.error("order %s:", "o-1", error);
    });
    const fields = { level: "ERROR", errorType: "TypeError", errorMessage: "no stock", errorCode: "E_STOCK" };
    expect(lines).toMatchObject([
      { ...fields, message: "no stock" },
      { ...fields, message: "order o-1: TypeError: no stock" },
    ]);
    expect(lines[1]?.["stackTrace"]).toEqual(expect.arrayContaining(["caused by: Error: connect failed"]));
  });

  test("is redacted, held and sampled like any line", async () => {
    const { lines } = await linesOf(() => console.log("token=abcdef123 %o", { password: "hunter2" }));
    expect(JSON.stringify(lines)).not.toMatch(/abcdef123|hunter2/);
    expect((await linesOf(() => console.debug("x"), { MAYFLY_LOG_LEVEL: "info" })).lines).toEqual([]);
    const sampled = { MAYFLY_LOG_LEVEL: "info", MAYFLY_DEBUG_SAMPLE_RATE: "1" };
    expect((await linesOf(() => console.debug("x"), sampled)).lines).toHaveLength(1);
  });

  test("is the console's own writing without the variable", async () => {
    const { lines } = await linesOf(() => console.log("plain"), { MAYFLY_CONSOLE: "off" });
    expect(lines).toEqual([]);
    expect(others).toEqual([["log", "plain"]]);
  });
});

describe("no line is lost, and none goes in circles", () => {
  test("outside of an invocation the original speaks, which knows the request it tells of", async () => {
    const { lines } = await linesOf(() => {});
    console.error("Invoke Error", 1);
    expect(lines).toEqual([]);
    expect(others).toEqual([["error", "Invoke Error", 1]]);
  });

  test("what cannot be made a line is the original's, to write or to throw as ever", async () => {
    const hostile = {
      [Symbol.for("nodejs.util.inspect.custom")]: () => {
        throw new Error("no");
      },
    };
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const { lines } = await linesOf(() => {
      console.log("a", hostile);
      console.log("b", proxy);
      console.log("c");
    });
    expect(lines.map(({ message }) => message)).toEqual(["c"]);
    expect(others.map((args) => args.slice(0, 2))).toEqual([
      ["log", "a"],
      ["log", "b"],
    ]);
  });

  test("what writes by console while it is written goes to the original", async () => {
    const { lines } = await linesOf(() =>
      console.log({
        [Symbol.for("nodejs.util.inspect.custom")]() {
          console.warn("inside");
          return "outside";
        },
      }),
    );
    expect(lines.map(({ message }) => message)).toEqual(["outside"]);
    expect(others).toEqual([["warn", "inside"]]);
  });
});

describe("the console", () => {
  test("is given back as it was, unless somebody else has replaced it since", async () => {
    const before = console.log;
    const { sdk } = await linesOf(() => {});
    expect(console.log).not.toBe(before);
    const theirs = (): void => {};
    console.warn = theirs;
    sdk.state().releaseConsole?.();
    expect(console.log).toBe(before);
    expect(console.warn).toBe(theirs);
  });

  test("is captured once, however many handlers and copies of the SDK there are", async () => {
    const { sdk } = await linesOf(() => {});
    const captured = console.log;
    sdk.observe(async () => {});
    (await sdk.secondCopy()).observe(async () => {});
    expect(console.log).toBe(captured);
  });

  test("stays as it is where the SDK is switched off", async () => {
    const before = console.log;
    const { observe } = await freshSdk({ MAYFLY_CONSOLE: "on", OTEL_SDK_DISABLED: "true" });
    observe(async () => {});
    expect(console.log).toBe(before);
  });
});

function circle(): object {
  const one: Record<string, unknown> = {};
  one["self"] = one;
  return one;
}
