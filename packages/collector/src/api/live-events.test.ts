import { expect, test } from "vitest";
import type { LiveRow } from "../query/live.ts";
import { createEvents } from "./live-events.ts";

const rows = (from: number, to: number, text = "x"): LiveRow[] =>
  Array.from({ length: to - from }, (_, n) => ({ id: `t${from + n}`, json: JSON.stringify(`${from + n} ${text}`) }));

const opened = () => {
  const counted: number[] = [];
  const { stream, tell, ...events } = createEvents((count) => void counted.push(count));
  stream.setEncoding("utf8");
  const readAll = async (): Promise<string> => {
    events.end();
    let all = "";
    for await (const some of stream) all += String(some);
    return all;
  };
  /** As much as lies ready. */
  const read = (): string => String(stream.read() ?? "");
  return { stream, read, readAll, counted, tell: (some: LiveRow[]) => tell({ at: 7n, rows: some, hasMissed: false }) };
};

test("a row is an event with the time of its turn as id", async () => {
  const { tell, readAll } = opened();
  tell(rows(1, 2));
  expect(await readAll()).toBe('retry: 3000\n\nid: 7\nevent: trace\ndata: "1 x"\n\n');
});

test("of what waits for a slow reader only the last row of each trace stays, and not more than so many", async () => {
  const { tell, read, counted } = opened();
  tell(rows(0, 1, "y".repeat(100_000))); // fills what the stream itself holds
  tell(rows(1, 401));
  tell(rows(1, 401, "again"));
  expect(counted).toEqual([]);
  tell(rows(401, 1_001));
  expect(counted).toHaveLength(500);

  let all = "";
  for (let some = read(); some !== ""; some = read()) {
    all += some;
    await new Promise((resolve) => void setImmediate(resolve));
  }
  expect(all).toContain('event: missed\ndata: {"count":500}\n\n');
  expect([...all.matchAll(/data: "(\d+) x"/g)].map(([, n]) => Number(n))).toEqual(
    rows(501, 1_001).map((_, n) => 501 + n),
  );
});

test("a reader who went away costs nothing more", () => {
  const { stream, tell, counted } = opened();
  stream.destroy();
  tell(rows(0, 2_000));
  expect(counted).toEqual([]);
});
