/** `GET /api/live` over HTTP: what is sent arrives, and nobody is told who may not be, or is gone. */
import type { AddressInfo } from "node:net";
import type { TraceSummary } from "@mayfly/api";
import { afterEach, expect, test } from "vitest";
import { START, batch, span } from "./builders.ts";
import { type Keyed, openKeyed } from "./keyed.ts";

let keyed: Keyed;
let timers: (() => void)[] = [];
const wait = (_ms: number, then: () => void): (() => void) => {
  timers.push(then);
  return () => (timers = timers.filter((one) => one !== then));
};
afterEach(() => keyed.close());

const open = async (): Promise<string> => {
  timers = [];
  keyed = await openKeyed({ live: { wait, maxFollowers: 2 } });
  await keyed.app.listen({ host: "127.0.0.1", port: 0 });
  return `http://127.0.0.1:${(keyed.app.server.address() as AddressInfo).port}`;
};

/** Lets every timer ring, once. */
const ring = (): void => {
  for (const then of timers.splice(0)) then();
};

interface Read {
  readonly response: Response;
  /** What comes until this is in it, or the end; timers ring meanwhile. */
  readonly until: (text: string) => Promise<string>;
  readonly leave: () => void;
}

const follow = async (url: string, headers: Record<string, string> = {}): Promise<Read> => {
  const abort = new AbortController();
  const response = await fetch(url, {
    headers: { "x-mayfly-key": keyed.keys.read.key, ...headers },
    signal: abort.signal,
  });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let all = "";
  return {
    response,
    async until(text) {
      const ringing = setInterval(ring, 5);
      try {
        while (!all.includes(text)) {
          const { value, done } = await reader.read();
          if (done) return `${all}END`;
          all += value;
        }
        return all;
      } finally {
        clearInterval(ringing);
      }
    },
    leave: () => abort.abort(),
  };
};

const rowsIn = (events: string): TraceSummary[] =>
  [...events.matchAll(/^event: trace\ndata: (.*)$/gm)].map(([, json = ""]) => JSON.parse(json) as TraceSummary);

test("traces that the filters mean come as they arrive, as rows of the list; who comes back is told what it missed", async () => {
  const url = await open();
  const { response, until, leave } = await follow(`${url}/api/live?q=function:pay`);
  expect([response.status, response.headers.get("content-type"), response.headers.get("cache-control")]).toEqual([
    200,
    "text/event-stream",
    "no-store",
  ]);
  await until(":\n\n");
  await keyed.store.append(batch([span("a", { in: "other" }), span("b", { trace: "u", in: "pay" })]));
  const events = await until("event: trace");

  const list = await fetch(`${url}/api/traces?q=function:pay`, { headers: { "x-mayfly-key": keyed.keys.read.key } });
  expect(rowsIn(events)).toEqual(((await list.json()) as { traces: unknown }).traces);
  expect(events).toContain(`id: ${START}\n`);
  leave();

  const back = await follow(`${url}/api/live?q=function:pay`, { "last-event-id": String(START) });
  expect(rowsIn(await back.until("event: trace"))).toHaveLength(1);
  back.leave();
});

test("a key that is revoked is told no more", async () => {
  const url = await open();
  const { until } = await follow(`${url}/api/live`);
  await until(":\n\n");
  await keyed.revoke("read");
  expect(await until("never")).toMatch(/END$/);
});

test("past the bound of streams is 429 and counted; one that is left makes room; a stop ends them", async () => {
  const url = await open();
  const [first, second] = [await follow(`${url}/api/live`), await follow(`${url}/api/live?status=error`)];
  const refused = await fetch(`${url}/api/live`, { headers: { "x-mayfly-key": keyed.keys.read.key } });
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "10"]);
  const metrics = await fetch(`${url}/metrics`, { headers: { "x-mayfly-key": keyed.keys.read.key } });
  expect(await metrics.text()).toMatch(/mayfly_live_streams 2\n[^]*mayfly_live_refused_total 1\n/);

  first.leave();
  let third = await follow(`${url}/api/live`);
  while (third.response.status !== 200) third = await follow(`${url}/api/live`);
  await keyed.app.close();
  expect(await Promise.all([second.until("never"), third.until("never")])).toEqual([
    expect.stringMatching(/END$/),
    expect.stringMatching(/END$/),
  ]);
});

test("a filter that cannot be understood is 400, and so is a parameter that nobody knows", async () => {
  const url = await open();
  for (const query of ["q=duration:soon", "since=x", "limit=1"]) {
    const { response, leave } = await follow(`${url}/api/live?${query}`);
    expect([query, response.status]).toEqual([query, 400]);
    leave();
  }
});
