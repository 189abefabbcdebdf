/** The Containerfile, as far as it can be held against the tree without building it. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

/** One instruction a line, `\` joined, comments left out. */
const instructions = readFileSync(join(root, "Containerfile"), "utf8")
  .replaceAll("\\\n", " ")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));
const of = (name: string): string[] =>
  instructions.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
const last = instructions.slice(instructions.findLastIndex((line) => line.startsWith("FROM ")));

const manifest = (folder: string) =>
  JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as {
    readonly name: string;
    readonly dependencies?: Readonly<Record<string, string>>;
  };

test("what it copies is there, or is what the build makes", () => {
  const sources = of("COPY").flatMap((copy) =>
    copy
      .replace(/--from=\S+ /, "")
      .split(" ")
      .slice(0, -1),
  );
  expect(sources.length).toBeGreaterThan(10);
  for (const source of sources) {
    const path = source.replace(/^\/src\//, "");
    if (path === "/app") continue; // the whole of the stage before
    const isThere = existsSync(join(root, path.endsWith("/dist") ? path.slice(0, -"/dist".length) : path));
    expect([source, isThere]).toEqual([source, true]);
  }
});

test("every package that the collector needs is installed and copied, and no other", () => {
  const needed = (folder: string): string[] => [
    folder,
    ...Object.keys(manifest(folder).dependencies ?? {})
      .filter((name) => name.startsWith("@mayfly/"))
      .flatMap((name) => needed(name.replace("@mayfly/", "packages/"))),
  ];
  const folders = [...new Set(needed("packages/collector"))].toSorted();
  const copied = last.flatMap((line) => /--from=build \/src\/(packages\/\w+)\/dist/.exec(line)?.[1] ?? []);
  expect(copied.toSorted()).toEqual(folders);
  const [install = ""] = of("RUN").filter((run) => run.includes("--prod"));
  const filters = [...install.matchAll(/--filter (\S+)/g)].map(([, name = ""]) => name);
  expect(filters.toSorted()).toEqual(folders.map((folder) => manifest(folder).name).toSorted());
  const manifests = of("COPY").flatMap((copy) => /^(packages\/\w+)\/package\.json/.exec(copy)?.[1] ?? []);
  expect(manifests.toSorted()).toEqual(folders);
});

test("it runs as nobody special, keeps its data in a volume, says how it is, and has the pnpm of the set-up", () => {
  expect(last).toContain("USER node");
  expect(last).toContain("VOLUME /data");
  expect(last.find((line) => line.startsWith("HEALTHCHECK "))).toContain("/healthz");
  expect(last.findIndex((line) => line === "USER node")).toBeLessThan(
    last.findIndex((line) => line.startsWith("CMD ")),
  );
  const versions = of("RUN").flatMap((run) => /pnpm@[\d.]+/.exec(run)?.[0] ?? []);
  const [pinned] = /pnpm@[\d.]+/.exec(readFileSync(join(root, "scripts/boot.mjs"), "utf8")) ?? [];
  expect(versions).toEqual([pinned, pinned]);
  const [, program = ""] = /"node", "\/app\/(\S+)", "serve"/.exec(of("CMD").at(-1) ?? "") ?? [];
  expect(existsSync(join(root, program))).toBe(true);
});
