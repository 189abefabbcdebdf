/**
 * The examples of docs/reference/api.md, sent to a collector as they stand there and compared with what it answers.
 *
 * An example is a block `http` (method, path and, after an empty line, the body) and the block `json` after it.
 */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { START } from "./builders.ts";
import { JSON_TYPE, openPipeline, type TestPipeline } from "./http.ts";

interface Example {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly payload: string | undefined;
  readonly answer: unknown;
}

const EXAMPLE =
  /```http\n(?<method>GET|POST) (?<url>\S+)\n(?:\n(?<payload>[^`]*))?```\n[^`]*```json\n(?<answer>[^`]*)```/g;

const page = await readFile(new URL("../../../docs/reference/api.md", import.meta.url), "utf8");
const examples = [...page.matchAll(EXAMPLE)].map(({ groups = {} }): Example => {
  const { method, url = "", payload, answer = "" } = groups;
  return { method: method === "POST" ? "POST" : "GET", url, payload, answer: JSON.parse(answer) };
});

const AN_HOUR = 3_600_000_000_000n;

let pipeline: TestPipeline;
beforeAll(async () => {
  pipeline = await openPipeline({ clock: () => START + AN_HOUR, version: "0.1.0" });
});
afterAll(() => pipeline.close());

/** Differs by SQLite's build. */
const SIZE_OF_DISK = { bytesOnDisk: 0 };

test.each(examples)("$method $url answers what the page says", async ({ method, url, payload, answer }) => {
  const response = await pipeline.app.inject({
    method,
    url,
    ...(payload !== undefined && { headers: JSON_TYPE, payload }),
  });

  const got: unknown = response.json();

  expect(url === "/api/stats" ? { ...(got as object), ...SIZE_OF_DISK } : got).toEqual(
    url === "/api/stats" ? { ...(answer as object), ...SIZE_OF_DISK } : answer,
  );
});

test("every route has an example, and the page's order is the order they were asked in", () => {
  const routes = examples.map(
    ({ method, url }) =>
      `${method} ${url.replace(/\?.*/, "").replace(/(traces|invocations|functions)\/(?!stats$).+/, "$1/{id}")}`,
  );
  expect(routes).toEqual([
    "POST /v1/traces",
    "POST /v1/logs",
    "POST /v1/metrics",
    "GET /api/traces",
    "GET /api/traces/stats",
    "GET /api/suggest",
    "GET /api/traces/{id}",
    "GET /api/traces/{id}",
    "GET /api/invocations/{id}",
    "GET /api/functions",
    "GET /api/functions/{id}",
    "GET /api/logs",
    "GET /api/metrics",
    "GET /api/metrics",
    "GET /api/stats",
    "GET /healthz",
    "GET /readyz",
  ]);
});

/** Of an answer that is one record, or a list of them under one key. */
const fieldsOf = (answer: unknown): string[] => {
  const fields = Object.entries(answer as Record<string, unknown>);
  const [[, list] = []] = fields;
  return fields.length === 1 && Array.isArray(list) ? list.flatMap(Object.keys) : fields.map(([name]) => name);
};

test.each(examples.filter(({ url }) => /^\/api\/(?!logs)/.test(url)))(
  "every field that $url answers is explained",
  ({ answer }) => {
    for (const name of fieldsOf(answer)) expect(page).toContain(`\`${name}\``);
  },
);
