/** However the spans of a story arrive, it is the same story. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { SpanRecord } from "../model/span.ts";
import { arrived, closeOpened } from "../../test/stitched.ts";
import { IDS, STORY, arrivals } from "../../test/stories.ts";

const answers = async (requests: readonly (readonly SpanRecord[])[]) => {
  const { ask, rows } = await arrived(requests);
  const told = [];
  for (const one of IDS) told.push(await ask(one));
  return { told, rows: await rows() };
};

test("order, repetition and the cut into requests change nothing", async () => {
  const expected = await answers([STORY]);
  expect(expected.told.filter((answer) => answer === undefined)).toEqual([]);
  await fc.assert(
    fc
      .asyncProperty(arrivals, async (requests) => {
        expect(await answers(requests)).toEqual(expected);
      })
      .afterEach(closeOpened),
    { numRuns: 25, endOnFailure: true },
  );
});
