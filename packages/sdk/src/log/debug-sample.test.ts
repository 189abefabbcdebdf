import { describe, expect, test } from "vitest";
import { type FreshSdk, freshSdk, lambdaContext } from "../../test/fresh-sdk.ts";

/** An X-Ray root whose randomness, the last 14 digits, begins with this digit. */
const headerOf = (digit: string): string =>
  `Root=1-6956b300-0000000000${digit}0000000000000;Parent=89abcdef01234567;Sampled=0`;
const DIGITS = "0123456789abcdef".split("");

const work = ({ logger }: FreshSdk): void => {
  logger.trace("trace");
  logger.debug("debug");
  logger.child({ part: "payment" }).debug("child");
  logger.warn("warn");
};

/** What invocations say whose traces have this randomness. */
const allSaid = async (digits: readonly string[], env: Readonly<Record<string, string>>) => {
  const sdk = await freshSdk({ MAYFLY_END_LINE: "off", ...env });
  const handler = sdk.observe(async (_event: object, _context: object) => work(sdk));
  const said: unknown[][] = [];
  for (const digit of digits) {
    const before = sdk.lines.length;
    await handler({}, { ...lambdaContext(), xRayTraceId: headerOf(digit) });
    said.push(sdk.lines.slice(before).map(({ message }) => message));
  }
  return said;
};

const said = async (digit: string, env: Readonly<Record<string, string>>) => (await allSaid([digit], env))[0];

const QUIET = ["warn"];
const LOUD = ["debug", "child", "warn"];

describe("MAYFLY_DEBUG_SAMPLE_RATE", () => {
  test("is the share of transactions that log at debug, by the trace id", async () => {
    const all = await allSaid(DIGITS, { MAYFLY_DEBUG_SAMPLE_RATE: "0.25" });
    expect(all).toEqual(DIGITS.map((digit) => ("cdef".includes(digit) ? LOUD : QUIET)));
  });

  test("a higher rate has all that a lower one has", async () => {
    const all = await allSaid(DIGITS, { MAYFLY_DEBUG_SAMPLE_RATE: "0.5" });
    expect(all).toEqual(DIGITS.map((digit) => (digit >= "8" ? LOUD : QUIET)));
  });

  test.each([
    ["0", QUIET],
    ["1", LOUD],
    ["2", QUIET],
    ["often", QUIET],
  ])("of %s", async (rate, expected) => {
    const env = { MAYFLY_DEBUG_SAMPLE_RATE: rate, MAYFLY_LOG_LEVEL: "warn" };
    expect(await allSaid(["0", "f"], env)).toEqual([expected, expected]);
  });

  test("brings debug, not trace, whatever the level; silent stays silent", async () => {
    const of = (level: string) => said("f", { MAYFLY_DEBUG_SAMPLE_RATE: "1", MAYFLY_LOG_LEVEL: level });
    expect(await of("fatal")).toEqual(LOUD);
    expect(await of("trace")).toEqual(["trace", ...LOUD]);
    expect(await of("silent")).toEqual([]);
  });

  test("says nothing outside of an invocation", async () => {
    const sdk = await freshSdk({ MAYFLY_DEBUG_SAMPLE_RATE: "1" });
    work(sdk);
    expect(sdk.lines.map(({ message }) => message)).toEqual(QUIET);
  });

  test("goes beside the debug buffer: what it does not bring is held, and told of a failure", async () => {
    const env = { MAYFLY_DEBUG_SAMPLE_RATE: "0.5", MAYFLY_DEBUG_BUFFER: "on", MAYFLY_END_LINE: "off" };
    const failing = async (digit: string) => {
      const sdk = await freshSdk(env);
      const handler = sdk.observe(async (_event: object, _context: object) => {
        work(sdk);
        throw new Error("boom");
      });
      await handler({}, { ...lambdaContext(), xRayTraceId: headerOf(digit) }).catch(() => {});
      return sdk.lines.map(({ message }) => message);
    };
    expect(await failing("f")).toEqual([...LOUD, "trace"]);
    expect(await failing("0")).toEqual(["warn", "trace", "debug", "child"]);
  });

  test("decides for each record of a batch by the record's own trace", async () => {
    const sdk = await freshSdk({ MAYFLY_DEBUG_SAMPLE_RATE: "0.5", MAYFLY_END_LINE: "off" });
    const Records = ["0", "f"].map((digit) => ({
      eventSource: "aws:sqs",
      messageId: digit,
      messageAttributes: {
        traceparent: {
          dataType: "String",
          stringValue: `00-${"1".repeat(18)}${digit.repeat(14)}-${"1".repeat(16)}-01`,
        },
      },
    }));
    const handler = sdk.observe(async (event: { Records: readonly { messageId: string }[] }, _context: object) =>
      sdk.eachRecord(event, ({ messageId }) => sdk.logger.debug(messageId)),
    );
    await handler({ Records }, lambdaContext());
    expect(sdk.lines.map(({ message }) => message)).toEqual(["f"]);
  });
});
