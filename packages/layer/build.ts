/**
 * dist/layer.zip, and what is in it in dist/layer/:
 *
 *   node build.ts        (in packages/layer, after packages/sdk is built)
 *
 *   mayfly                                    the exec wrapper, AWS_LAMBDA_EXEC_WRAPPER=/opt/mayfly
 *   nodejs/node_modules/@mayfly/layer/        redirect.mjs, preload.mjs
 *   nodejs/node_modules/@mayfly/sdk/          the SDK, once: the layer imports it from here, and so may the function
 *
 * The sources alone decide the bytes of the zip, wherever and whenever it is built.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { rolldown } from "rolldown";
import { type ArchiveFile, archive } from "./archive.ts";

const MODULES = "nodejs/node_modules/@mayfly";

const file = (path: string, content: string | Uint8Array, isExecutable = false): ArchiveFile => ({
  path,
  content: typeof content === "string" ? new TextEncoder().encode(content) : content,
  isExecutable,
});

/** Beside the layer's own modules; a package's name would have to be looked up, in a cold start. */
const SDK_FILES = {
  "@mayfly/sdk": "../sdk/dist/index.js",
  "@mayfly/sdk/after-response": "../sdk/dist/after-response.js",
};

const bundled = async (input: string, path: string): Promise<ArchiveFile> => {
  const bundle = await rolldown({ input, platform: "node", external: Object.keys(SDK_FILES), logLevel: "warn" });
  const { output } = await bundle.generate({ format: "esm", minify: true, paths: SDK_FILES });
  await bundle.close();
  return file(path, output[0].code);
};

const SDK = "../sdk";

/** What runs in a function: bundlers' plugins have no place in a layer. */
const ENTRIES = [".", "./after-response"];

type Target = string | { readonly [condition: string]: Target };

interface Manifest {
  readonly exports: Readonly<Record<string, Target>>;
  readonly [field: string]: unknown;
}

const manifest = JSON.parse(readFileSync(`${SDK}/package.json`, "utf8")) as Manifest;

/** Without the conditions that mean something only to compilers and to this workspace. */
const forFunctions = (target: Target): Target => {
  if (typeof target === "string") return target;
  const kept = Object.entries(target).filter(([condition]) => condition !== "types" && condition !== "mayfly-source");
  return Object.fromEntries(kept.map(([condition, inner]) => [condition, forFunctions(inner)]));
};

const filesOf = (target: Target): string[] =>
  typeof target === "string" ? [target] : Object.values(target).flatMap(filesOf);

const sdkFiles = (): ArchiveFile[] => {
  const { name, version, license, type, engines } = manifest;
  const exports = Object.fromEntries(ENTRIES.map((entry) => [entry, forFunctions(manifest.exports[entry] ?? "")]));
  const paths = Object.values(exports).flatMap(filesOf);
  return [
    file(`${MODULES}/sdk/package.json`, JSON.stringify({ name, version, license, type, exports, engines })),
    ...["LICENSE", "THIRD_PARTY_NOTICES", ...paths].map((path) =>
      file(join(MODULES, "sdk", path), readFileSync(join(SDK, path))),
    ),
  ];
};

const files = [
  file("mayfly", readFileSync("exec-wrapper"), true),
  await bundled("src/redirect.ts", `${MODULES}/layer/redirect.mjs`),
  await bundled("src/preload.ts", `${MODULES}/layer/preload.mjs`),
  ...sdkFiles(),
];

rmSync("dist", { recursive: true, force: true });
for (const { path, content, isExecutable } of files) {
  const target = join("dist/layer", path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, content, { mode: isExecutable ? 0o755 : 0o644 });
}
writeFileSync("dist/layer.zip", archive(files));
