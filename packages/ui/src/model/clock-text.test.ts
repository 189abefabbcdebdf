import { expect, test } from "vitest";
import { clockText } from "./clock-text.ts";

test("a clock is behind or ahead, and by how much", () => {
  expect(clockText(3e8)).toMatch(/300\sms behind the others'/);
  expect(clockText(-2.5e6)).toMatch(/2\.50\sms ahead of the others'/);
});
