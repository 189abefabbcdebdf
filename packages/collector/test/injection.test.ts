/**
 * Every string that can arrive, and every parameter of every route, filled with what somebody sends who means harm
 * (hostile-strings.ts): it comes out as it went in, is nobody's code, and makes no 5xx.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { InjectOptions, RouteOptions } from "fastify";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HOSTILE } from "./hostile-strings.ts";
import { injected, JSON_TYPE, openPipeline, type TestPipeline } from "./http.ts";

let uiDir: string;
let pipeline: TestPipeline;
const routes: RouteOptions[] = [];
beforeAll(async () => {
  uiDir = await mkdtemp(join(tmpdir(), "mayfly-injection-"));
  await writeFile(join(uiDir, "index.html"), "<title>Mayfly</title>");
  pipeline = await openPipeline({ uiDir, server: { onRoute: (route) => routes.push(route) } });
});
afterAll(async () => {
  await pipeline.close();
  await rm(uiDir, { recursive: true });
});

interface Value {
  readonly stringValue: string;
}
const attribute = (key: string, stringValue: string): { key: string; value: Value } => ({
  key,
  value: { stringValue },
});
const hex = (number: number, length: number): string => (number + 1).toString(16).padStart(length, "0");
const START = 1_767_225_600_000_000_000n;

/** A request with the string in every place that takes one. */
const requestsWith = (text: string, number: number) => {
  const resource = {
    attributes: [attribute("faas.name", text), attribute("service.name", text), attribute(text, text)],
  };
  const scope = { name: text, version: text, attributes: [attribute(text, text)] };
  const attributes = [
    attribute(text, text),
    attribute("faas.invocation_id", text),
    attribute("exception.type", text),
    attribute("http.route", text),
    { key: "nested", value: { kvlistValue: { values: [attribute(text, text)] } } },
    { key: "list", value: { arrayValue: { values: [{ stringValue: text }] } } },
    {
      key: "mayfly.keys.consumed",
      value: { arrayValue: { values: [{ stringValue: `sqs-message||${text}` }, { stringValue: text }] } },
    },
    { key: "mayfly.keys.produced", value: { arrayValue: { values: [{ stringValue: `s3-object|${text}|${text}` }] } } },
  ];
  const span = {
    traceId: hex(number, 32),
    spanId: hex(number, 16),
    traceState: text,
    name: text,
    kind: 2,
    startTimeUnixNano: String(START),
    endTimeUnixNano: String(START + 1_000_000n),
    attributes,
    events: [{ timeUnixNano: String(START), name: text, attributes: [attribute(text, text)] }],
    links: [
      {
        traceId: hex(number, 32),
        spanId: hex(number + 1000, 16),
        traceState: text,
        attributes: [attribute(text, text)],
      },
    ],
    status: { code: 2, message: text },
  };
  const log = {
    timeUnixNano: String(START),
    severityNumber: 17,
    severityText: text,
    eventName: text,
    body: { stringValue: text },
    traceId: hex(number, 32),
    spanId: hex(number, 16),
    attributes: [attribute(text, text), attribute("faas.invocation_id", text)],
  };
  return {
    traces: { resourceSpans: [{ resource, schemaUrl: text, scopeSpans: [{ scope, schemaUrl: text, spans: [span] }] }] },
    logs: { resourceLogs: [{ resource, schemaUrl: text, scopeLogs: [{ scope, schemaUrl: text, logRecords: [log] }] }] },
  };
};

const post = (url: string, body: unknown) =>
  pipeline.app.inject({ method: "POST", url, headers: JSON_TYPE, payload: JSON.stringify(body) });
const get = async (url: string) => {
  const response = await pipeline.app.inject({ url });
  return { status: response.statusCode, type: response.headers["content-type"], body: wellFormed(response.body) };
};

const wellFormed = (json: string): string =>
  json.replace(/(?<!\\)(?:\\\\)*\\u(d[89a-f][0-9a-f]{2})/gi, (escape) => escape.replace(/\\u[0-9a-f]{4}$/i, "\\ufffd"));

interface Seen {
  readonly name: string;
  readonly attributes: Record<string, unknown>;
  readonly events: readonly { readonly name: string; readonly attributes: Record<string, unknown> }[];
  readonly links: readonly { readonly attributes: Record<string, unknown> }[];
  readonly status: { readonly message?: string };
  readonly functionName?: string;
}

/** An empty string is left out, as OTLP's JSON does. */
interface OtlpGroup {
  readonly schemaUrl?: string;
  readonly scopeSpans: readonly {
    readonly schemaUrl?: string;
    readonly scope?: { readonly name?: string };
    readonly spans: readonly {
      readonly name?: string;
      readonly traceState?: string;
      readonly attributes: readonly { readonly key?: string }[];
    }[];
  }[];
}

/** What JSON.parse makes of it, with `__proto__` as a field of its own. */
const own = (record: object, key: string): unknown => Object.getOwnPropertyDescriptor(record, key)?.value;

describe.each(HOSTILE.map(([what, text], number) => ({ what, text, number })))("$what", ({ text, number }) => {
  /** UTF-8 has no place for half a character: protobuf keeps U+FFFD of it, JSON may keep its escape. */
  const kept = text.toWellFormed();
  const traceId = hex(number, 32);

  test("arrives, and comes out as it went in", async () => {
    const { traces, logs } = requestsWith(text, number);
    expect((await post("/v1/traces", traces)).json()).toEqual({});
    expect((await post("/v1/logs", logs)).json()).toEqual({});

    const answer = await get(`/api/traces/${traceId}`);
    expect([answer.status, answer.type]).toEqual([200, "application/json; charset=utf-8"]);
    const [span] = (JSON.parse(answer.body) as { spans: Seen[] }).spans;
    if (span === undefined) throw new Error("no span");
    expect([span.name, span.functionName ?? "", span.status.message ?? ""]).toEqual([kept, kept, kept]);
    const [event] = span.events;
    for (const record of [
      span.attributes,
      event?.attributes ?? {},
      span.links[0]?.attributes ?? {},
      own(span.attributes, "nested") as object,
    ])
      expect(own(record, kept)).toBe(kept);
    expect(event?.name).toBe(kept);

    const otlp = await get(`/api/traces/${traceId}?stitch=false&format=otlp`);
    const [group] = (JSON.parse(otlp.body) as { resourceSpans: OtlpGroup[] }).resourceSpans;
    const [scoped] = group?.scopeSpans ?? [];
    const [raw] = scoped?.spans ?? [];
    const strings = [
      group?.schemaUrl,
      scoped?.schemaUrl,
      scoped?.scope?.name,
      raw?.name,
      raw?.traceState,
      raw?.attributes[0]?.key,
    ];
    expect([otlp.status, ...strings.map((string = "") => string)]).toEqual([200, ...strings.map(() => kept)]);

    const lines = await get(`/api/logs?traceId=${traceId}`);
    const [line] = (JSON.parse(lines.body) as { logs: { body: unknown; severityText?: string; attributes: object }[] })
      .logs;
    expect([lines.status, line?.body, line?.severityText ?? ""]).toEqual([200, kept, kept]);
    expect(own(line?.attributes ?? {}, kept)).toBe(kept);
  });

  test("is a word to look for, a name and an id like any other", async () => {
    const word = encodeURIComponent(kept);
    const statuses = await Promise.all(
      [
        `/api/traces?q=${word}`,
        `/api/traces?function=${word}`,
        `/api/traces/${word}`,
        `/api/invocations/${word}`,
        `/api/logs?requestId=${word}`,
      ].map(async (url) => [url.slice(0, 40), (await get(url)).status] as const),
    );
    for (const [url, status] of statuses)
      expect([url, [200, 400, 404, 414]]).toEqual([url, expect.arrayContaining([status])]);
  });
});

/** Statuses that say "your turn" or "here it is". */
const FINE = new Set([200, 204, 400, 401, 403, 404, 405, 413, 414, 415, 429, 431]);

const schemaOf = ({ schema }: RouteOptions): Record<string, { properties?: Record<string, unknown> } | undefined> =>
  (schema ?? {}) as never;

describe("no parameter of any route makes a 5xx or anything but JSON", () => {
  test("walked by their schemas", async () => {
    const asked = routes.flatMap((route) => {
      const methods = [route.method].flat().filter((method) => method !== "HEAD");
      const { querystring, body } = schemaOf(route);
      const path = route.url.replace(/:\w+|\*/g, "x");
      const query = Object.keys(querystring?.properties ?? {}).map((name) => (word: string) => ({
        url: `${path}?${name}=${word}`,
      }));
      const places = /[:*]/.test(route.url) ? [(word: string) => ({ url: route.url.replace(/:\w+|\*/, word) })] : [];
      const fields = Object.keys(body?.properties ?? {}).map((name) => (_: string, text: string) => ({
        url: path,
        headers: JSON_TYPE,
        payload: JSON.stringify({ [name]: text }),
      }));
      const unknown = (word: string) => ({ url: `${path}?${word}=${word}` });
      return methods.flatMap((method) =>
        [...query, ...places, ...fields, unknown].map((fill) => ({ method, route: route.url, fill })),
      );
    });
    expect(asked.length).toBeGreaterThan(20);
    for (const { method, route, fill } of asked) {
      for (const [what, text] of HOSTILE) {
        const request: InjectOptions = { method, ...fill(encodeURIComponent(text.toWellFormed()), text) };
        const { statusCode, headers, body } = await injected(pipeline.app, request);
        expect([method, route, what, statusCode, FINE.has(statusCode)]).toEqual([
          method,
          route,
          what,
          statusCode,
          true,
        ]);
        if (/^\/(api|v1)\//.test(route) && body !== "" && statusCode !== 204) {
          expect([route, headers["content-type"]]).toEqual([
            route,
            expect.stringMatching(/^(application\/|text\/event-stream)/),
          ]);
          expect(() => JSON.parse(body) as unknown).not.toThrow();
        }
        expect(headers["set-cookie"] ?? "mayfly=;").toMatch(/^mayfly=;/);
      }
    }
    expect(pipeline.bugs).toEqual([]);
  }, 120_000);

  test("a second and a thousandth value of one parameter neither", async () => {
    for (const { url, schema } of routes.filter((one) => String(one.method) === "GET")) {
      for (const name of Object.keys(schemaOf({ schema } as RouteOptions)["querystring"]?.properties ?? {})) {
        for (const count of [2, 1000]) {
          const query = Array.from({ length: count }, (_, n) => `${name}=${n}`).join("&");
          const { statusCode } = await injected(pipeline.app, { url: `${url.replace(/:\w+|\*/g, "x")}?${query}` });
          expect([url, name, count, FINE.has(statusCode)]).toEqual([url, name, count, true]);
        }
      }
    }
    expect(pipeline.bugs).toEqual([]);
  });

  test("headers neither", async () => {
    const names = [
      "accept",
      "authorization",
      "content-encoding",
      "content-type",
      "cookie",
      "host",
      "origin",
      "user-agent",
      "x-api-key",
      "x-forwarded-for",
      "x-forwarded-proto",
      "x-mayfly-key",
      "x-request-id",
    ];
    for (const name of names) {
      for (const [what, text] of HOSTILE) {
        for (const request of [
          { url: "/api/stats" },
          { url: "/", method: "GET" },
          { url: "/v1/traces", method: "POST", payload: "{}" },
        ] as const) {
          const headers = {
            ...(request.url === "/v1/traces" && JSON_TYPE),
            [name]: name === "cookie" ? `mayfly=${text}` : text,
          };
          const { statusCode } = await pipeline.app.inject({ ...request, headers });
          expect([name, what, request.url, statusCode, FINE.has(statusCode)]).toEqual([
            name,
            what,
            request.url,
            statusCode,
            true,
          ]);
        }
      }
    }
    expect(pipeline.bugs).toEqual([]);
  });
});

test("nothing of it changed what every object has, or the store", async () => {
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as { hacked?: unknown }).hacked).toBeUndefined();
  const { status, body } = await get("/api/stats");
  expect([status, JSON.parse(body)]).toMatchObject([200, { spans: HOSTILE.length, logs: HOSTILE.length }]);
});
