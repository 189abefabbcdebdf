import { describe, expect, test } from "vitest";
import { parseXrayHeader, xrayHeaderFor } from "./xray.ts";

const ROOT = "1-5759e988-bd862e3fe1be46a994272793";
const TRACE = "5759e988bd862e3fe1be46a994272793";
const PARENT = "53995c3f42cd8ad8";
const LINEAGE = "Lineage=1:456f6a97:0|2:8a7b6c5d:3";

describe("a header that is valid", () => {
  test("gives trace, parent and decision", () => {
    expect(parseXrayHeader(`Root=${ROOT};Parent=${PARENT};Sampled=1`)).toEqual({
      format: "xray",
      traceId: TRACE,
      spanId: PARENT,
      sampled: true,
    });
  });

  test("with a Root alone names a trace, and invents no parent and no decision", () => {
    expect(parseXrayHeader(`Root=${ROOT}`)).toEqual({ format: "xray", traceId: TRACE });
  });

  test.each([
    ["in another order", `Sampled=0;Parent=${PARENT};Root=${ROOT}`],
    ["with spaces", ` Root = ${ROOT} ; Parent = ${PARENT} ; Sampled = 0 `],
    ["with small keys, as Step Functions writes them", `root=${ROOT};parent=${PARENT};sampled=0`],
    ["with digits in upper case", `Root=1-5759E988-BD862E3FE1BE46A994272793;Parent=53995C3F42CD8AD8;Sampled=0`],
    ["with Lambda's hop count", `Root=${ROOT};Parent=${PARENT};Sampled=0;${LINEAGE}`],
    ["with fields nobody knows", `Root=${ROOT};Parent=${PARENT};Sampled=0;Novel=a=b;flag;=x;`],
    [
      "with the load balancer's own id",
      `Self=1-67891234-12456789abcdef012345678;Root=${ROOT};Parent=${PARENT};Sampled=0`,
    ],
  ])("says the same %s", (_what, text) => {
    expect(parseXrayHeader(text)).toEqual({ format: "xray", traceId: TRACE, spanId: PARENT, sampled: false });
  });

  test.each(["?", "", "2", "true"])("whose decision is open has none: Sampled=%s", (sampled) => {
    expect(parseXrayHeader(`Root=${ROOT};Sampled=${sampled}`)).not.toHaveProperty("sampled");
  });

  test.each(["0".repeat(16), PARENT.slice(1), `${PARENT}0`, `${PARENT.slice(1)}g`, ""])(
    "whose Parent is no span id keeps its trace: %s",
    (parent) => {
      expect(parseXrayHeader(`Root=${ROOT};Parent=${parent}`)).toEqual({ format: "xray", traceId: TRACE });
    },
  );
});

describe("a header is none", () => {
  test.each([
    ["nothing", ""],
    ["no Root", `Parent=${PARENT};Sampled=1`],
    ["only the load balancer's own id", `Self=${ROOT}`],
    ["another version", `Root=2${ROOT.slice(1)}`],
    ["a short time", "Root=1-5759e98-bd862e3fe1be46a994272793"],
    ["a short rest", "Root=1-5759e988-bd862e3fe1be46a99427279"],
    ["a long rest", `Root=${ROOT}0`],
    ["digits that are not hex", "Root=1-5759e98g-bd862e3fe1be46a994272793"],
    ["32 digits without dashes", `Root=${TRACE}`],
    ["a traceparent", `00-${TRACE}-${PARENT}-01`],
  ])("with %s", (_what, text) => {
    expect(parseXrayHeader(text)).toBeUndefined();
  });

  test("with a Root of zeros", () => {
    expect(parseXrayHeader(`Root=1-${"0".repeat(8)}-${"0".repeat(24)};Parent=${PARENT}`)).toBeUndefined();
  });

  test.each([[undefined], [null], [1], [{}], [[`Root=${ROOT}`]]])("that is no text: %j", (value) => {
    expect(parseXrayHeader(value)).toBeUndefined();
  });
});

describe("the header of an outgoing call", () => {
  const span = { traceId: TRACE, spanId: "b7ad6b7169203331" };

  test("has our span as its Parent where X-Ray does not record and the trace is ours", () => {
    expect(xrayHeaderFor(`Root=${ROOT};Parent=${PARENT};Sampled=0`, span)).toBe(
      `Root=${ROOT};Parent=${span.spanId};Sampled=0`,
    );
  });

  test.each([
    [`Root=${ROOT};Parent=${PARENT};Sampled=0;${LINEAGE}`, `Root=${ROOT};Parent=${span.spanId};Sampled=0;${LINEAGE}`],
    [
      `${LINEAGE};Root=${ROOT};Sampled=0;Novel=a=b`,
      `${LINEAGE};Root=${ROOT};Parent=${span.spanId};Sampled=0;Novel=a=b`,
    ],
    [`root=${ROOT}; parent=${PARENT}; sampled=0; x`, `root=${ROOT};Parent=${span.spanId}; sampled=0; x`],
    [`Root=${ROOT};Sampled=?`, `Root=${ROOT};Parent=${span.spanId};Sampled=?`],
    [`Root=${ROOT}`, `Root=${ROOT};Parent=${span.spanId}`],
  ])("keeps every other field byte for byte: %s", (given, sent) => {
    expect(xrayHeaderFor(given, span)).toBe(sent);
  });

  test.each([
    ["X-Ray records", `Root=${ROOT};Parent=${PARENT};Sampled=1;${LINEAGE}`],
    ["the trace is another", `Root=1-5759e988-000000000000000000000001;Parent=${PARENT};Sampled=0;${LINEAGE}`],
    ["nobody can read it", "Root=what;Sampled=0"],
  ])("is as it was given where %s", (_why, given) => {
    expect(xrayHeaderFor(given, span)).toBe(given);
  });

  test.each([undefined, ""])("is none where none was given", (given) => {
    expect(xrayHeaderFor(given, span)).toBe(given);
  });
});
