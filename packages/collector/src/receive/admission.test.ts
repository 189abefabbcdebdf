import { expect, test } from "vitest";
import { createAdmission } from "./admission.ts";

test("what is taken counts until it is given back, once", () => {
  const admission = createAdmission(10);
  const a = admission.open();
  const b = admission.open();

  a.take(4);
  a.take(3);
  b.take(3);
  a.give(2);
  expect(admission.heldBytes).toBe(8);

  a.release();
  a.release();
  expect(admission.heldBytes).toBe(3);
  expect(admission.highestHeldBytes).toBe(10);
});

test("one byte over the budget is refused and takes nothing", () => {
  const admission = createAdmission(10);
  admission.open().take(10);

  expect(() => admission.open().take(1)).toThrow(
    expect.objectContaining({ code: "overloaded", message: "10 of 10 bytes for requests in flight are taken" }),
  );
  expect(admission.heldBytes).toBe(10);
});
