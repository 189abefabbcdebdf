import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatTraceparent, parseTraceparent } from "./w3c.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const traceparent = ({ version = "00", trace = TRACE, span = SPAN, flags = "01", rest = "" } = {}): string =>
  `${version}-${trace}-${span}-${flags}${rest}`;

describe("a traceparent that is valid", () => {
  test("gives trace, span and flag", () => {
    expect(parseTraceparent(traceparent())).toEqual({ format: "w3c", traceId: TRACE, spanId: SPAN, sampled: true });
  });

  test.each([
    ["00", false],
    ["01", true],
    ["02", false],
    ["03", true],
    ["fe", false],
    ["ff", true],
  ])("says by the lowest bit of its flags alone whether it was sampled: %s", (flags, sampled) => {
    expect(parseTraceparent(traceparent({ flags }))).toMatchObject({ sampled });
  });

  test("may have white space around it", () => {
    expect(parseTraceparent(` \t${traceparent()} `)).toMatchObject({ traceId: TRACE, spanId: SPAN });
  });

  test.each([
    ["without more", { version: "01" }],
    ["with more fields", { version: "01", rest: "-what-the-future-brings" }],
    ["with an empty field", { version: "fe", rest: "-" }],
  ])("of a later version is read as far as it is known: %s", (_what, parts) => {
    expect(parseTraceparent(traceparent(parts))).toEqual({
      format: "w3c",
      traceId: TRACE,
      spanId: SPAN,
      sampled: true,
    });
  });
});

describe("a traceparent is none", () => {
  test.each([
    ["the forbidden version", traceparent({ version: "ff" })],
    ["more fields in version 00", traceparent({ rest: "-more" })],
    ["a dash at the end of version 00", traceparent({ rest: "-" })],
    ["more digits after the flags", traceparent({ version: "01", rest: "0" })],
    ["a point instead of the dash", traceparent({ version: "01", rest: ".more" })],
    ["a version of one digit", traceparent({ version: "0" })],
    ["a version of three digits", traceparent({ version: "000" })],
    ["a version that is not hex", traceparent({ version: "0g" })],
    ["a trace id of zeros", traceparent({ trace: "0".repeat(32) })],
    ["a trace id in upper case", traceparent({ trace: TRACE.toUpperCase() })],
    ["a trace id that is short", traceparent({ trace: TRACE.slice(1) })],
    ["a trace id that is long", traceparent({ trace: `${TRACE}0` })],
    ["a trace id that is not hex", traceparent({ trace: `${TRACE.slice(1)}g` })],
    ["a span id of zeros", traceparent({ span: "0".repeat(16) })],
    ["a span id in upper case", traceparent({ span: SPAN.toUpperCase() })],
    ["a span id that is short", traceparent({ span: SPAN.slice(1) })],
    ["a span id that is long", traceparent({ span: `${SPAN}0` })],
    ["a span id that is not hex", traceparent({ span: `${SPAN.slice(1)}x` })],
    ["flags of one digit", traceparent({ flags: "1" })],
    ["flags that are not hex", traceparent({ flags: "0x" })],
    ["flags in upper case", traceparent({ flags: "0A" })],
    ["no flags", `00-${TRACE}-${SPAN}`],
    ["nothing", ""],
    ["two of them", `${traceparent()},${traceparent()}`],
    ["a line break within", traceparent({ version: "01", rest: "-a\nb" })],
    ["an X-Ray header", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"],
  ])("with %s", (_what, text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });

  test.each([[undefined], [null], [42], [{}], [[traceparent()]]])("that is no text: %j", (value) => {
    expect(parseTraceparent(value)).toBeUndefined();
  });

  test("and then its tracestate is none either", () => {
    expect(parseTraceparent("42", "vendor=1")).toBeUndefined();
  });
});

describe("a tracestate", () => {
  test("stays as it came", () => {
    expect(parseTraceparent(traceparent(), "a=1,b=2")).toMatchObject({ traceState: "a=1,b=2" });
  });

  test.each([[""], [undefined], [7], [["a=1"]]])("that says nothing is absent: %j", (traceState) => {
    expect(parseTraceparent(traceparent(), traceState)).not.toHaveProperty("traceState");
  });
});

test("a context that was written is read back the same", () => {
  const hex = (length: number) =>
    fc
      .array(fc.constantFrom(..."0123456789abcdef".split("")), { minLength: length, maxLength: length })
      .map((digits) => digits.join(""))
      .filter((text) => /[^0]/.test(text));
  fc.assert(
    fc.property(hex(32), hex(16), fc.integer({ min: 0, max: 255 }), (traceId, spanId, traceFlags) => {
      const sampled = traceFlags % 2 === 1;
      const random = (traceFlags & 2) !== 0;
      expect(parseTraceparent(formatTraceparent({ traceId, spanId, traceFlags }))).toEqual({
        format: "w3c",
        traceId,
        spanId,
        sampled,
        ...(random && { random }),
      });
    }),
  );
});

test("flags are written with two digits", () => {
  expect(formatTraceparent({ traceId: TRACE, spanId: SPAN, traceFlags: 1 })).toBe(`00-${TRACE}-${SPAN}-01`);
});
