import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { codeOf } from "./code.ts";

const ESBUILD = join(import.meta.dirname, "../../../../examples/shop/node_modules/esbuild");

interface Project {
  readonly at: (path: string) => string;
  readonly write: (files: Readonly<Record<string, string>>) => Promise<void>;
}

/** A package with esbuild in it. */
const project = async (manifest: object, files: Readonly<Record<string, string>>): Promise<Project> => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "mayfly-code-")));
  onTestFinished(() => rm(folder, { recursive: true }));
  const at = (path: string): string => join(folder, path);
  const write = async (more: Readonly<Record<string, string>>): Promise<void> => {
    for (const [path, content] of Object.entries(more)) {
      await mkdir(dirname(at(path)), { recursive: true });
      await writeFile(at(path), content);
    }
  };
  await write({ "package.json": JSON.stringify(manifest), ...files });
  await mkdir(at("node_modules"), { recursive: true });
  await symlink(ESBUILD, at("node_modules/esbuild"));
  return { at, write };
};

/** In a process of its own, as an environment loads it. */
const resultOf = async (file: string): Promise<unknown> => {
  const script = `const m = await import(${JSON.stringify(pathToFileURL(file).href)});
    console.log(JSON.stringify(await (m.handler ?? m.default.handler)({})));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
  return JSON.parse(stdout);
};

test("TypeScript becomes one file beside the project's packages, and says what it was made of", async () => {
  const { at } = await project(
    {},
    {
      "src/a.ts": `import { b } from "./deep/b";\nimport { c } from "c";\nexport const handler = async () => b + c;`,
      "src/deep/b.ts": "export enum B { two = 2 }\nexport const b: number = B.two;",
      "node_modules/c/index.js": "exports.c = 40;",
    },
  );

  const code = await codeOf("f", at("src/a.ts"));

  expect(code).toEqual({
    file: at("node_modules/.cache/mayfly/f/a.mjs"),
    inputs: new Set([at("src/a.ts"), at("src/deep/b.ts")]),
    isBundled: true,
    isNew: true,
  });
  expect(await readFile(code.file, "utf8")).toMatch(/from "c"[^]*sourceMappingURL=a\.mjs\.map/);
  expect(await resultOf(code.file)).toBe(42);
});

test.each([
  ["a.ts", {}, "mjs"],
  ["a.ts", { type: "module" }, "mjs"],
  ["a.ts", { type: "commonjs" }, "cjs"],
  ["a.mts", { type: "commonjs" }, "mjs"],
  ["a.cts", { type: "module" }, "cjs"],
  ["a.tsx", {}, "mjs"],
])("%s in a package of %j becomes .%s, as Node would take it", async (name, manifest, ending) => {
  const { at } = await project(manifest, { [name]: "export const handler = async (): Promise<number> => 1;" });

  const { file } = await codeOf("f", at(name));

  expect(file).toBe(at(`node_modules/.cache/mayfly/f/a.${ending}`));
  expect(await resultOf(file)).toBe(1);
});

test("only what an invocation would run differently is new", async () => {
  const { at, write } = await project({}, { "a.ts": "export const handler = async () => 1;" });
  const first = await codeOf("f", at("a.ts"));

  await write({ "a.ts": "export const handler = async (): Promise<number> => 1;" });
  const sameForNode = await codeOf("f", at("a.ts"), first);
  await write({ "a.ts": "export const handler = async () => 2;" });
  const second = await codeOf("f", at("a.ts"), sameForNode);

  expect([sameForNode.isNew, second.isNew]).toEqual([false, true]);
});

test("a bundle that fails says where, and the last good one stays", async () => {
  const { at, write } = await project(
    {},
    { "a.ts": `import { b } from "./b";\nexport const handler = async () => b;`, "b.ts": "export const b = 1;" },
  );
  const good = await codeOf("f", at("a.ts"));

  await write({ "b.ts": "export const b = 1;\nconst = 2;\nconst = 3;" });
  const bad = await codeOf("f", at("a.ts"), good);
  await rm(at("b.ts"));
  const worse = await codeOf("f", at("a.ts"), bad);
  await write({ "b.ts": "export const b = 1;" });
  const mended = await codeOf("f", at("a.ts"), worse);

  expect(bad).toMatchObject({ isNew: false, inputs: good.inputs });
  expect(bad.problem).toMatch(/b\.ts:2:7: Expected identifier but found "="\n {4}const = 2;\n {10}\^$/m);
  expect(worse.problem).toContain('a.ts:1:19: Could not resolve "./b"');
  expect(await resultOf(good.file)).toBe(1);
  expect(mended).toMatchObject({ isNew: true, file: good.file });
  expect(mended.problem).toBeUndefined();
});

test("one that never was good throws what is wrong with it", async () => {
  const { at, write } = await project({}, { "a.ts": "export const = 2;" });

  const bad = await codeOf("f", at("a.ts"));
  await write({ "a.ts": "export const let = 2;" });
  const stillBad = await codeOf("f", at("a.ts"), bad);

  expect([bad.isNew, stillBad.isNew]).toEqual([true, true]);
  await expect(resultOf(stillBad.file)).rejects.toThrow(stillBad.problem?.split("\n")[0]);
});

test("JavaScript is itself, and its syntax is checked by Node", async () => {
  const { at, write } = await project({}, { "a.mjs": "export const handler = async () => 1;", "b.mjs": "" });
  const good = await codeOf("f", at("a.mjs"));

  await write({ "b.mjs": "export const = 1;" });
  const bad = await codeOf("f", at("a.mjs"), good, [at("b.mjs")]);

  expect(good).toEqual({ file: at("a.mjs"), inputs: new Set([at("a.mjs")]), isBundled: false, isNew: true });
  expect(bad).toMatchObject({ isNew: false, problem: expect.stringMatching(/b\.mjs:1\n[^]*SyntaxError/) as string });
});
