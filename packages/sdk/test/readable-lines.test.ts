/** What `mayfly dev` leaves out of a line that it shows has to be what the SDK puts on every line; neither package can ask the other. */
import { expect, test } from "vitest";
import { COMMON } from "../../lab/src/dev/log-line.ts";
import { LINE_FIELDS } from "../src/log/fields.ts";

/** On some lines only, and worth reading there. */
const TOLD = ["durationMs", "outcome", "errorCode", "recordsFailed"];

test("the fields that are not shown are the SDK's own, and no others", () => {
  expect([...COMMON, ...TOLD].toSorted()).toEqual([...LINE_FIELDS].toSorted());
});
