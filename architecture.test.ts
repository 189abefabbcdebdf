/**
 * The tree is the architecture, and this keeps it true: it reads every import of every package and holds it against
 * the order of the rooms (docs/architecture.md).
 */
import { readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { type SourceFile, readSource } from "./scripts/imports.ts";

const root = import.meta.dirname;

const filesBelow = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.parentPath.includes("node_modules"))
    .map((entry) => join(entry.parentPath, entry.name));

const packages = readdirSync(join(root, "packages"));
const sourcesOf = new Map(
  packages.map((name) => [
    name,
    filesBelow(`packages/${name}/src`)
      .filter((file) => !/\.(test|test-d)\.tsx?$/.test(file))
      .map(readSource),
  ]),
);
const sources = (name: string): readonly SourceFile[] => sourcesOf.get(name) ?? [];
const all = packages.flatMap(sources);
const short = (path: string): string => relative(join(root, "packages"), path);

/** The rooms of the collector, in the order in which data passes them. */
const PATH = ["receive", "decode", "normalize", "store", "stitch", "price", "analyze", "query", "api", "export"];

const roomOf = (path: string): string => relative(join(root, "packages/collector/src"), path).split("/")[0] ?? "";

test("a room of the collector imports only model/ and rooms before it on the path", () => {
  const wrong = sources("collector").flatMap((file) => {
    const here = PATH.indexOf(roomOf(file.path));
    const against = file.imports.filter((one) => one.file && PATH.indexOf(roomOf(one.file)) > here && here >= 0);
    return against.map((one) => `${short(file.path)} imports ${one.source}`);
  });
  expect(wrong).toEqual([]);
});

test("model/ imports no room", () => {
  const wrong = sources("collector")
    .filter((file) => roomOf(file.path) === "model")
    .flatMap((file) =>
      file.imports
        .filter((one) => one.file && roomOf(one.file) !== "model")
        .map((one) => `${short(file.path)} imports ${one.source}`),
    );
  expect(wrong).toEqual([]);
});

test("only the entries import pipeline.ts", () => {
  const importers = sources("collector").filter((file) =>
    file.imports.some((one) => one.file?.endsWith("/src/pipeline.ts")),
  );
  const allowed = /collector\/src\/(index|main|cli\/[^/]+)\.ts$/;
  expect(importers.map((file) => short(file.path)).filter((path) => !allowed.test(path))).toEqual([]);
});

test("SQLite is known in store/ alone", () => {
  const importers = all.filter((file) => file.imports.some((one) => one.source === "better-sqlite3"));
  expect(
    importers.map((file) => short(file.path)).filter((path) => !path.startsWith("collector/src/store/sqlite/")),
  ).toEqual([]);
  expect(importers.length).toBeGreaterThan(0);
});

test("what the build compiles of bench/ imports nothing that a set-up for running leaves out", () => {
  const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  const isThere = (source: string): boolean => /^(node:|\.)/.test(source) || Object.hasOwn(devDependencies, source);
  const files = filesBelow("bench").map(readSource);
  const wrong = files.flatMap((file) =>
    file.imports
      .filter((one) => !isThere(one.source))
      .map((one) => `${relative(root, file.path)} imports ${one.source}`),
  );
  expect(wrong).toEqual([]);
  expect(files.length).toBeGreaterThan(0);
});

test("the UI knows of the collector only its contract, and only as types", () => {
  const wrong = sources("ui").flatMap((file) =>
    file.imports
      .filter((one) => one.source.startsWith("@mayfly/") && !(one.source === "@mayfly/api" && one.isTypeOnly))
      .map((one) => `${short(file.path)} imports ${one.source}`),
  );
  expect(wrong).toEqual([]);
});

test("the wire format has no run-time dependency and does no IO", () => {
  const outside = sources("otlp").flatMap((file) => file.imports.filter((one) => !one.file && !one.isTypeOnly));
  expect(outside.map((one) => one.source)).toEqual([]);
});

test("packages import each other in one direction", () => {
  const allowed: Record<string, readonly string[]> = {
    otlp: [],
    api: [],
    lab: [],
    sdk: ["otlp"],
    layer: ["sdk"],
    ui: ["api"],
    collector: ["otlp", "api", "lab"], // the lab: see the next test
  };
  const wrong = packages.flatMap((name) =>
    sources(name).flatMap((file) =>
      file.imports
        .flatMap((one) => one.source.match(/^@mayfly\/(\w+)(?:\/|$)/)?.[1] ?? [])
        .filter((other) => other !== name && !allowed[name]?.includes(other))
        .map((other) => `${short(file.path)} imports @mayfly/${other}`),
    ),
  );
  expect(wrong).toEqual([]);
});

/** An optional peer: whoever only collects does not install it. */
test("the collector loads the lab for `mayfly dev` alone, and only when it is asked for", () => {
  const loads = sources("collector").flatMap((file) =>
    file.imports
      .filter((one) => one.source.startsWith("@mayfly/lab") && !one.isTypeOnly)
      .map((one) => `${short(file.path)} ${one.isDynamic ? "when asked" : "always"}`),
  );
  expect(loads).toEqual(["collector/src/cli/dev.ts when asked"]);
});

/** They take most of a start, which is all that many a command is. */
test("mayfly loads the server, the store and AWS's clients only for the commands that need them, once they are asked", () => {
  const fileAt = new Map(sources("collector").map((file) => [file.path, file]));
  const [files, loaded] = [new Set<string>(), new Set<string>()];
  const load = (path: string): void => {
    if (files.has(path)) return;
    files.add(path);
    for (const one of fileAt.get(path)?.imports ?? []) {
      if (one.isTypeOnly || one.isDynamic) continue;
      if (one.file) load(one.file);
      else loaded.add(one.source);
    }
  };
  load(join(root, "packages/collector/src/main.ts"));
  expect([...loaded].filter((source) => /^(fastify|@fastify|typebox|better-sqlite3|@aws-sdk)/.test(source))).toEqual(
    [],
  );
  expect([...loaded]).toContain("commander");
});

test("the collector takes TypeBox's types, and never its code", () => {
  const importers = sources("collector").filter((file) => file.imports.some((one) => one.source.startsWith("typebox")));
  const wrong = importers.filter((file) =>
    file.imports.some((one) => one.source.startsWith("typebox") && !one.isTypeOnly),
  );
  expect(importers.map((file) => short(file.path))).toEqual(["collector/src/schema.ts"]);
  expect(wrong).toEqual([]);
});

test("no file imports itself through others", () => {
  const importsOf = new Map(
    all.map((file) => [file.path, file.imports.flatMap((one) => (one.file && !one.isTypeOnly ? [one.file] : []))]),
  );
  const done = new Set<string>();
  const cycles: string[] = [];
  const follow = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].map(short).join(" → "));
    if (done.has(path) || trail.includes(path)) return;
    for (const next of importsOf.get(path) ?? []) follow(next, [...trail, path]);
    done.add(path);
  };
  for (const path of importsOf.keys()) follow(path, []);
  expect(cycles).toEqual([]);
});

test("the environment is read at the doors only", () => {
  const doors =
    /^(lab\/|layer\/|collector\/src\/(main|config|cli\/[^/]+)\.ts|sdk\/src\/(config|invocation|after-response)\.ts)/;
  expect(
    all
      .filter((file) => file.readsEnvironment)
      .map((file) => short(file.path))
      .filter((path) => !doors.test(path)),
  ).toEqual([]);
});

test("only the rooms that send reach out to a network", () => {
  const senders =
    /^(lab\/|layer\/|sdk\/src\/(send\/|after-response\.ts)|collector\/src\/(import|export|alert|cli|self)|ui\/src\/api\/)/;
  expect(
    all
      .filter((file) => file.reachesOut)
      .map((file) => short(file.path))
      .filter((path) => !senders.test(path)),
  ).toEqual([]);
});

test("no folder or file is named after nothing", () => {
  const vague = /(^|\/)(utils?|helpers?|common|manager|service|misc)(\/|\.|$)/i;
  expect(all.map((file) => short(file.path)).filter((path) => vague.test(path))).toEqual([]);
});

test("the lockfile names no host", () => {
  expect(readFileSync(join(root, "pnpm-lock.yaml"), "utf8")).not.toMatch(/tarball:|https?:\/\//);
});
