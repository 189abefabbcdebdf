/** The published description of the API: valid, of every route and nothing else, and as the pages say. */
import { readFile } from "node:fs/promises";
import { Validator } from "@seriousme/openapi-schema-validator";
import type { RouteOptions } from "fastify";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Keyed, openKeyed } from "./keyed.ts";

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly description?: string;
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly Parameter[];
  readonly responses: Readonly<Record<string, object>>;
}

interface Document {
  readonly info: { readonly version: string };
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<"schemas" | "responses" | "securitySchemes", Readonly<Record<string, object>>>>;
}

/** Between a field's name and its type. */
const KEYWORD = /^(?:properties|items|anyOf|additionalProperties|\d+)$/;

let keyed: Keyed;
let document: Document;
beforeAll(async () => {
  keyed = await openKeyed();
  document = (await keyed.app.inject("/api/openapi.json")).json<Document>();
});
afterAll(() => keyed.close());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      route: `${method.toUpperCase()} ${path}`,
      path,
      operation,
    })),
  );

const published = (routes: readonly RouteOptions[]): readonly RouteOptions[] =>
  routes.filter(({ schema }) => schema?.hide !== true);

test("it is OpenAPI 3.1 by the standard's own schema", async () => {
  const { valid, errors } = await new Validator().validate({ ...structuredClone(document) });

  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
});

test("it is every route of the server, and nothing else", () => {
  const served = published(keyed.routes).flatMap(({ method, url }) =>
    [method].flat().flatMap((one) => (one === "HEAD" ? [] : `${one} ${url.replace(/:(\w+)/g, "{$1}")}`)),
  );

  expect(
    operations()
      .map(({ route }) => route)
      .toSorted(),
  ).toEqual(served.toSorted());
  expect(served.length).toBeGreaterThan(15);
});

test("a route that it does not tell of is a page, or refuses a method", () => {
  const hidden = keyed.routes.filter(({ schema }) => schema?.hide === true).map(({ url }) => url);

  expect([...new Set(hidden)].toSorted()).toEqual(["/*", "/v1/logs", "/v1/metrics", "/v1/traces"]);
});

test("each has a summary, a tag that is explained, an answer that it names, and a name of its own", () => {
  const tags = document.tags.map(({ name }) => name);
  for (const { route, operation } of operations()) {
    expect([route, typeof operation.summary]).toEqual([route, "string"]);
    expect([route, operation.tags.every((tag) => tags.includes(tag)), operation.tags.length]).toEqual([route, true, 1]);
    expect([route, Object.keys(operation.responses)[0]]).toEqual([route, expect.stringMatching(/^2/)]);
  }
  const names = operations().map(({ operation }) => operation.operationId);
  expect(new Set(names).size).toBe(names.length);
});

test("each says the scope that it asks for, and who presents what", () => {
  for (const route of published(keyed.routes)) {
    const scope = (route.config as { scope?: string }).scope ?? "admin";
    for (const method of [route.method].flat().filter((one) => one !== "HEAD")) {
      const operation = document.paths[route.url.replace(/:(\w+)/g, "{$1}")]?.[method.toLowerCase()];
      const asked = operation?.security.flatMap((one) => Object.values(one).flat());
      expect([route.url, new Set(asked)]).toEqual([route.url, new Set(scope === "open" ? [] : [scope])]);
    }
  }
  const schemes = operations().flatMap(({ operation }) => operation.security.flatMap((one) => Object.keys(one)));
  expect([...new Set(schemes)].toSorted()).toEqual(Object.keys(document.components.securitySchemes).toSorted());
});

test("every parameter of a path and of a query is explained", () => {
  for (const { route, path, operation } of operations()) {
    const { parameters = [] } = operation;
    expect([route, parameters.filter(({ description }) => description === undefined)]).toEqual([route, []]);
    const inPath = parameters.filter((one) => one.in === "path").map(({ name }) => `{${name}}`);
    expect([route, inPath]).toEqual([route, path.match(/\{\w+\}/g) ?? []]);
  }
});

test("what is counted is a whole number: only values of senders, Lambda's measures and money may have a fraction", () => {
  const fractions = (schema: unknown, name: string): string[] => {
    if (typeof schema !== "object" || schema === null) return [];
    const own = (schema as { type?: unknown }).type === "number" ? [name] : [];
    const below = Object.entries(schema).flatMap(([key, one]) => fractions(one, KEYWORD.test(key) ? name : key));
    return [...own, ...below];
  };
  expect([...new Set(fractions(document.components.schemas, ""))].toSorted()).toEqual([
    "AttributeValue",
    "MetricNumber",
    "billedDurationMs",
    "billedRestoreDurationMs",
    "costUsd",
    "durationMs",
    "initDurationMs",
    "maxMemoryUsedMb",
    "memorySizeMb",
    "producedBytes",
    "restoreDurationMs",
  ]);
});

test("every reference leads somewhere", () => {
  const found = new Set(JSON.stringify(document).match(/(?<="\$ref":"#\/components\/)[^"]+/g));
  const there = ["schemas", "responses"].flatMap((kind) =>
    Object.keys(document.components[kind as "schemas"]).map((name) => `${kind}/${name}`),
  );

  expect([...found].filter((name) => !there.includes(name))).toEqual([]);
  expect(found.size).toBeGreaterThan(30);
});

test("the reference page names every route, and every parameter under it", async () => {
  const page = await readFile(new URL("../../../docs/reference/api.md", import.meta.url), "utf8");
  const sections = page.split(/^##+ /m);

  for (const { route, operation } of operations()) {
    // {id} and {requestId} are the page's and the route's names of one thing: the method and the fixed part count.
    const [method = "", path = ""] = route.split(" ");
    const named = new RegExp(`${method} ${path.replace(/\{\w+\}/g, "\\{\\w+\\}").replace(/[./]/g, "\\$&")}(?![\\w/{])`);
    expect([route, named.test(page)]).toEqual([route, true]);
    const text = sections.filter((section) => named.test(section)).join("\n");
    for (const { name, in: place } of operation.parameters ?? [])
      if (place === "query") expect([route, name, new RegExp(`\`${name}\\b`).test(text)]).toEqual([route, name, true]);
  }
});

test("nobody needs a key to read it, and it says which version answers", async () => {
  const { statusCode, headers } = await keyed.app.inject("/api/openapi.json");

  expect(statusCode).toBe(200);
  expect(headers["content-type"]).toMatch(/^application\/json/);
  expect(document.info.version).toBe("1.2.3");
});
