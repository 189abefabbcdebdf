import type { TraceList, TraceSummary } from "@mayfly/api";
import { expect, test } from "vitest";
import { summary } from "../../test/fixtures/story.ts";
import { ApiError, type Client } from "../api/client.ts";
import { createLiveTraces } from "./live-traces.ts";

/** From the newest to the oldest, both included. */
const rows = (newest: number, oldest: number): readonly TraceSummary[] =>
  Array.from({ length: newest - oldest + 1 }, (_, index) => summary(newest - index));

type Asked = Parameters<Client["traces"]>[0];

/** A collector that answers the newest page with `newest`, and other pages by their cursor. */
const createSite = (first: TraceList) => {
  const asked: Asked[] = [];
  const site = {
    newest: first as TraceList | Error,
    pages: new Map<string, TraceList | Promise<TraceList>>(),
    asked,
  };
  const traces: Client["traces"] = async (filter) => {
    asked.push(filter);
    const answer = filter.cursor === undefined ? site.newest : await site.pages.get(filter.cursor);
    if (answer === undefined || answer instanceof Error) throw answer ?? new ApiError("bad-cursor", "no page", 400);
    return answer;
  };
  const live = createLiveTraces({ traces }, { status: "error" });
  const ids = (of: "shown" | "pending" = "shown"): string => {
    const listed = live.rows.get()[of];
    return listed.map((row) => row.id).join(" ");
  };
  return { site, live, ids };
};

test("the list begins with the newest page of its filter", async () => {
  const { site, live, ids } = createSite({ traces: rows(3, 1), cursor: "older" });
  expect(live.rows.get()).toMatchObject({ hasLoaded: false, shown: [] });

  await live.refresh();

  expect(site.asked).toEqual([{ status: "error", limit: 50 }]);
  expect(live.rows.get()).toMatchObject({ hasLoaded: true, cursor: "older", pending: [] });
  expect(ids()).toBe("t3 t2 t1");
});

test("new rows come in at the top", async () => {
  const { site, live, ids } = createSite({ traces: rows(3, 1) });
  await live.refresh();

  site.newest = { traces: rows(5, 1) };
  await live.refresh();

  expect(ids()).toBe("t5 t4 t3 t2 t1");
});

test("while somebody points at a row nothing moves; new rows wait until they are asked for", async () => {
  const { site, live, ids } = createSite({ traces: rows(3, 1) });
  await live.refresh();
  live.hold(true);

  site.newest = { traces: rows(5, 1) };
  await live.refresh();
  expect([ids(), ids("pending")]).toEqual(["t3 t2 t1", "t5 t4"]);

  live.showPending();
  expect([ids(), ids("pending")]).toEqual(["t5 t4 t3 t2 t1", ""]);
});

test("a held row learns in its place what happened to it", async () => {
  const { site, live, ids } = createSite({ traces: rows(3, 1) });
  await live.refresh();
  live.hold(true);

  site.newest = { traces: [summary(4), summary(3), summary(2, { errorCount: 1 }), summary(1)] };
  await live.refresh();

  expect(ids()).toBe("t3 t2 t1");
  expect(live.rows.get().shown[1]?.errorCount).toBe(1);
});

test("a held row that became part of another one stays until the hold ends", async () => {
  const { site, live, ids } = createSite({ traces: rows(3, 1) });
  await live.refresh();
  live.hold(true);

  site.newest = { traces: [summary(3), summary(1)] };
  await live.refresh();
  expect(ids()).toBe("t3 t2 t1");

  live.hold(false);
  await live.refresh();
  expect(ids()).toBe("t3 t1");
});

test("more than a page of news does not move a held list either", async () => {
  const { site, live, ids } = createSite({ traces: rows(3, 1), cursor: "before 1" });
  await live.refresh();
  live.hold(true);

  site.newest = { traces: rows(99, 50), cursor: "before 50" };
  await live.refresh();
  expect(ids()).toBe("t3 t2 t1");
  expect(live.rows.get()).toMatchObject({ cursor: "before 1" });
  expect(live.rows.get().pending).toHaveLength(50);

  live.showPending();
  expect(live.rows.get()).toMatchObject({ shown: rows(99, 50), cursor: "before 50", pending: [] });
});

test("more than a page of news begins the list anew, so that it has no hole", async () => {
  const { site, live } = createSite({ traces: rows(3, 1) });
  await live.refresh();

  site.newest = { traces: rows(99, 50), cursor: "before 50" };
  await live.refresh();

  expect(live.rows.get()).toMatchObject({ shown: rows(99, 50), cursor: "before 50" });
});

test("a list that was empty begins with the first rows, even while held, and has their cursor", async () => {
  const { site, live, ids } = createSite({ traces: [] });
  await live.refresh();
  live.hold(true);

  site.newest = { traces: rows(2, 1), cursor: "older" };
  await live.refresh();

  expect(ids()).toBe("t2 t1");
  expect(live.rows.get().cursor).toBe("older");
});

test("where few match, what was found further down stays, and the search goes on from where it was", async () => {
  const { site, live, ids } = createSite({ traces: [], cursor: "looked at 1000" });
  site.pages.set("looked at 1000", { traces: rows(1, 1), cursor: "looked at 2000" });
  await live.refresh();
  await live.older();

  site.newest = { traces: rows(9, 9), cursor: "looked at 1000 again" };
  await live.refresh();

  expect(ids()).toBe("t9 t1");
  expect(live.rows.get().cursor).toBe("looked at 2000");
});

test("a search that found nothing to the end is not begun again by every refresh", async () => {
  const { site, live } = createSite({ traces: [], cursor: "looked at 1000" });
  site.pages.set("looked at 1000", { traces: [] });
  await live.refresh();
  await live.older();
  await live.refresh();

  expect(live.rows.get()).not.toHaveProperty("cursor");
});

test("older pages follow below, each row once, until there are no more", async () => {
  const { site, live, ids } = createSite({ traces: rows(6, 5), cursor: "a" });
  site.pages.set("a", { traces: rows(5, 3), cursor: "b" }).set("b", { traces: rows(2, 1) });
  await live.refresh();

  await live.older();
  expect(ids()).toBe("t6 t5 t4 t3");
  await live.older();
  expect(ids()).toBe("t6 t5 t4 t3 t2 t1");
  expect(live.rows.get()).not.toHaveProperty("cursor");

  const before = site.asked.length;
  await live.older();
  expect(site.asked).toHaveLength(before);
});

test("news leave what is older where it is", async () => {
  const { site, live, ids } = createSite({ traces: rows(4, 3), cursor: "a" });
  site.pages.set("a", { traces: rows(2, 1), cursor: "b" });
  await live.refresh();
  await live.older();

  site.newest = { traces: rows(5, 4), cursor: "not this one" };
  await live.refresh();

  expect(ids()).toBe("t5 t4 t3 t2 t1");
  expect(live.rows.get().cursor).toBe("b");
});

test("one page is asked for at a time", async () => {
  const { site, live } = createSite({ traces: rows(4, 3), cursor: "a" });
  site.pages.set("a", { traces: rows(2, 1) });
  await live.refresh();

  const both = [live.older(), live.older()];
  expect(live.rows.get().isLoadingOlder).toBe(true);
  await Promise.all(both);

  expect(site.asked.filter((one) => one.cursor === "a")).toHaveLength(1);
  expect(live.rows.get().isLoadingOlder).toBe(false);
});

test("an older page of a list that began anew meanwhile is not added below a hole", async () => {
  const { site, live } = createSite({ traces: rows(4, 3), cursor: "a" });
  const late = Promise.withResolvers<TraceList>();
  site.pages.set("a", late.promise);
  await live.refresh();
  const older = live.older();

  site.newest = { traces: rows(99, 50), cursor: "b" };
  await live.refresh();
  late.resolve({ traces: rows(2, 1), cursor: "c" });
  await older;

  expect(live.rows.get()).toMatchObject({ shown: rows(99, 50), cursor: "b", isLoadingOlder: false });
});

test("a long list is bounded: the oldest go, and Older with them", async () => {
  const { site, live } = createSite({ traces: rows(20_000, 19_951), cursor: "all" });
  site.pages.set("all", { traces: rows(19_950, 14_000), cursor: "more" });
  await live.refresh();
  await live.older();
  expect(live.rows.get().shown).toHaveLength(5000);
  expect(live.rows.get()).not.toHaveProperty("cursor");

  site.newest = { traces: rows(20_010, 19_961) };
  await live.refresh();

  expect(live.rows.get().shown).toHaveLength(5000);
  expect(live.rows.get().shown[0]?.id).toBe("t20010");
});

test("an error stands beside what is shown, and goes with the next answer", async () => {
  const { site, live, ids } = createSite({ traces: rows(2, 1) });
  await live.refresh();

  site.newest = new ApiError("unreachable", "The collector does not answer.", 0);
  await live.refresh();
  expect([ids(), live.rows.get().error?.code]).toEqual(["t2 t1", "unreachable"]);

  site.newest = { traces: rows(2, 1) };
  await live.refresh();
  expect(live.rows.get()).not.toHaveProperty("error");
});

test("a failed older page may be asked for again", async () => {
  const { site, live, ids } = createSite({ traces: rows(4, 3), cursor: "a" });
  await live.refresh();

  await live.older();
  expect(live.rows.get()).toMatchObject({ error: { code: "bad-cursor" }, isLoadingOlder: false, cursor: "a" });

  site.pages.set("a", { traces: rows(2, 1) });
  await live.older();
  expect(ids()).toBe("t4 t3 t2 t1");
});

test("a request that is taken back is no error", async () => {
  const { site, live } = createSite({ traces: rows(2, 1) });
  await live.refresh();

  site.newest = new DOMException("gone", "AbortError");
  live.close();
  await live.refresh();

  expect(live.rows.get()).not.toHaveProperty("error");
});
