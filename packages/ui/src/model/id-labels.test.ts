import { expect, test } from "vitest";
import { idLabels } from "./id-labels.ts";

const TRACE = "b9f4ec07".padEnd(32, "0");
const OTHER = "68b1f3c0".padEnd(32, "0");

test("traces are told apart by the beginning of their trace id", () => {
  expect(idLabels([`${TRACE}.aaaaaaaa11111111`, `${OTHER}.aaaaaaaa11111111`])).toEqual(["b9f4ec07", "68b1f3c0"]);
});

test("of one W3C trace they are told apart by the span they begin with", () => {
  expect(idLabels([`${TRACE}.aaaaaaaa11111111`, `${TRACE}.bbbbbbbb11111111`])).toEqual(["aaaaaaaa", "bbbbbbbb"]);
});

test("where the beginnings are equal too, the whole span id stands", () => {
  expect(idLabels([`${TRACE}.aaaaaaaa11111111`, `${TRACE}.aaaaaaaa22222222`])).toEqual([
    "aaaaaaaa11111111",
    "aaaaaaaa22222222",
  ]);
});

test("a placeholder is named by the id of what nobody sent", () => {
  const execution = "sfn-execution||arn:aws:states:eu-west-1:1:execution:fulfilment:o-8841";

  expect(idLabels(["sqs-message||059f36b4-87a3-44ab", execution])).toEqual(["059f36b4", "o-8841"]);
});

test("a trace without its caller is named by its trace id", () => {
  expect(idLabels([`${TRACE}.0000000000000000`, `${TRACE}.bbbbbbbb11111111`])).toEqual(["b9f4ec07", "bbbbbbbb"]);
});
