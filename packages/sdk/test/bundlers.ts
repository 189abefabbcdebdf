/**
 * What users make of a TypeScript function before they deploy it: by four tools, as CommonJS and as an ES module. Each makes a folder with
 * an `index` in it, in a project that has the SDK installed as npm would: its package.json and dist, nothing else.
 */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { build as esbuild } from "esbuild";
import { type Plugin, rollup } from "rollup";
import { webpack } from "webpack";

export type Format = "cjs" | "esm";

export interface Project {
  readonly folder: string;
  /** The file to deploy. */
  bundle(tool: Tool, format: Format): Promise<string>;
  remove(): void;
}

export type Tool = keyof typeof TOOLS;

const PACKAGE = resolve(import.meta.dirname, "..");
const REPOSITORY = resolve(PACKAGE, "../..");
const TSC = join(REPOSITORY, "node_modules/.bin/tsc");

export const createProject = (): Project => {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-bundlers-"));
  const modules = join(folder, "node_modules");
  const sdk = join(modules, "@mayfly/sdk");
  mkdirSync(sdk, { recursive: true });
  cpSync(join(PACKAGE, "package.json"), join(sdk, "package.json"));
  cpSync(join(PACKAGE, "dist"), join(sdk, "dist"), { recursive: true });
  mkdirSync(join(modules, "@types"));
  symlinkSync(join(PACKAGE, "node_modules/@aws-sdk"), join(modules, "@aws-sdk"));
  symlinkSync(join(PACKAGE, "node_modules/@types/aws-lambda"), join(modules, "@types/aws-lambda"));
  symlinkSync(join(REPOSITORY, "node_modules/@types/node"), join(modules, "@types/node"));
  cpSync(join(PACKAGE, "test/bundled"), join(folder, "src"), { recursive: true });
  return {
    folder,
    async bundle(tool, format) {
      const out = join(folder, `${tool}-${format}`);
      mkdirSync(out);
      return TOOLS[tool]({ folder, format, out, entry: join(folder, "src", `${format}.ts`) });
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
};

interface Task {
  readonly folder: string;
  readonly format: Format;
  readonly entry: string;
  readonly out: string;
}

/** Everything in one file, as `sam build` and the CDK do it. */
const byEsbuild = async ({ entry, format, out, folder }: Task): Promise<string> => {
  const outfile = join(out, format === "cjs" ? "index.cjs" : "index.mjs");
  // What the bundled AWS SDK requires has to be there in an ES module, too.
  const js = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
  await esbuild({
    entryPoints: [entry],
    absWorkingDir: folder,
    outfile,
    format,
    bundle: true,
    minify: true,
    platform: "node",
    target: "node22",
    ...(format === "esm" && { banner: { js } }),
  });
  return outfile;
};

/** With the AWS SDK left outside, as the runtime brings one; and what its usual plugins do, as far as is needed. */
const byRollup = async ({ entry, format, out, folder }: Task): Promise<string> => {
  const file = join(out, format === "cjs" ? "index.cjs" : "index.mjs");
  const plugin: Plugin = {
    name: "typescript-and-packages",
    resolveId: (source) =>
      source === "@mayfly/sdk" ? join(folder, "node_modules/@mayfly/sdk", importedFile(folder)) : null,
    transform: (code, id) => (id.endsWith(".ts") ? { code: stripTypeScriptTypes(code), map: null } : null),
  };
  const bundle = await rollup({ input: entry, external: /^@aws-sdk\//, plugins: [plugin] });
  await bundle.write({ file, format });
  await bundle.close();
  return file;
};

/** What `import` finds by the package's own word. */
const importedFile = (folder: string): string => {
  const manifest = readFileSync(join(folder, "node_modules/@mayfly/sdk/package.json"), "utf8");
  const { exports } = JSON.parse(manifest) as { exports: { ".": { import: { default: string } } } };
  return exports["."].import.default;
};

/** Again without the AWS SDK, which takes webpack twenty seconds. */
const byWebpack = async ({ entry, format, out, folder }: Task): Promise<string> => {
  const loader = join(folder, "strip-types.cjs");
  writeFileSync(
    loader,
    "module.exports = (code) => process.getBuiltinModule('node:module').stripTypeScriptTypes(code);",
  );
  const filename = format === "cjs" ? "index.cjs" : "index.mjs";
  const compiler = webpack({
    mode: "production",
    context: folder,
    entry,
    target: "node22",
    externals: /^@aws-sdk\//,
    externalsType: format === "cjs" ? "commonjs" : "module",
    module: { rules: [{ test: /\.ts$/, use: loader }] },
    experiments: { outputModule: format === "esm" },
    output: { path: out, filename, library: { type: format === "cjs" ? "commonjs2" : "module" } },
  });
  if (!compiler) throw new Error("webpack gives no compiler");
  const stats = await promisify(compiler.run.bind(compiler))();
  await promisify(compiler.close.bind(compiler))();
  if (stats?.hasErrors() !== false) throw new Error(stats?.toString("errors-only"));
  return join(out, filename);
};

/** Not bundled: what tsc writes, with node_modules beside it. */
const byTsc = async ({ format, out, folder, entry }: Task): Promise<string> => {
  const source = join(out, "src");
  mkdirSync(source);
  cpSync(entry, join(source, "index.ts"));
  cpSync(join(folder, "src/orders.ts"), join(source, "orders.ts"));
  writeFileSync(join(out, "package.json"), JSON.stringify({ type: format === "cjs" ? "commonjs" : "module" }));
  const flags =
    "--module nodenext --target es2024 --strict --skipLibCheck --rewriteRelativeImportExtensions --types node";
  const files = [join(source, "index.ts"), join(source, "orders.ts")];
  await promisify(execFile)(TSC, [...flags.split(" "), "--outDir", out, ...files], { cwd: out }).catch(
    (error: { stdout: string }) => {
      throw new Error(error.stdout);
    },
  );
  return join(out, "index.js");
};

const TOOLS = { esbuild: byEsbuild, rollup: byRollup, webpack: byWebpack, tsc: byTsc };
