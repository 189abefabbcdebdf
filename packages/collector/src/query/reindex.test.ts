/** What was worked out as spans came is what is worked out of them again. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { batch } from "../../test/builders.ts";
import { LATER, closeOpened, opened } from "../../test/stitched.ts";
import { IDS, STORY, arrivals } from "../../test/stories.ts";
import type { SpanRecord } from "../model/span.ts";
import { gapsOf } from "../stitch/gaps.ts";
import { joinView } from "../stitch/reason.ts";
import type { Store } from "../store/store.ts";
import { findTrace } from "./find.ts";
import { type ListDeps, listTraces } from "./list.ts";

/** All rows as they are kept, and of every id the story with its joins and gaps. */
const told = async (deps: ListDeps & { readonly store: Store }) => {
  const { traces } = await listTraces({ limit: 100 }, deps, LATER);
  const stories = [];
  for (const one of IDS) {
    const found = (await findTrace(deps.store, one))!;
    stories.push({
      id: found.trace.id,
      spans: found.trace.parts.flatMap(({ spans }) => spans.map(({ wire }) => wire.name)).toSorted(),
      joins: found.trace.joins.map((join) => JSON.stringify(joinView(join))).toSorted(),
      gaps: gapsOf(found.trace, found.graph, LATER)
        .map((gap) => JSON.stringify(gap))
        .toSorted(),
    });
  }
  return { rows: traces.toSorted((a, b) => (a.id < b.id ? -1 : 1)), stories };
};

/** The summaries follow each request, as those of a running collector do. */
const live = async (requests: readonly (readonly SpanRecord[])[]) => {
  const deps = await opened();
  for (const request of requests) {
    await deps.store.append(batch(request));
    await deps.summarizer.catchUp();
  }
  return deps;
};

test("summaries that grew with what arrived, in any order, are those that a reindex builds; so are the stories", async () => {
  const expected = await told(await live([STORY]));
  expect(expected.rows.length).toBeGreaterThan(5);
  await fc.assert(
    fc
      .asyncProperty(arrivals, async (requests) => {
        const deps = await live(requests);
        expect(await told(deps)).toEqual(expected);
        await deps.summaries.clear();
        expect(await deps.summaries.count()).toBe(0);
        await deps.summarizer.catchUp();
        expect(await told(deps)).toEqual(expected);
      })
      .afterEach(closeOpened),
    { numRuns: 8, endOnFailure: true },
  );
});
