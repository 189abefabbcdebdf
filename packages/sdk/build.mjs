/**
 * The two files that users load, dist/index.js and dist/index.cjs: everything bundled, so that installing the SDK installs
 * nothing else and a cold start opens one file.
 *
 *   node build.mjs        (in packages/sdk, after tsc -b has written dist-types)
 *
 * pino brings worker threads, file destinations, exit hooks and a redaction by path, none of which a function uses and which cost
 * half its load time. They are replaced, for importers inside pino only, by as little as pino needs.
 */
import { cpSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { copyDeclarations, thirdPartyNotices } from "./packaging.mjs";
import { configure } from "./safe-stringify.mjs";

const UNUSED = {
  "safe-stable-stringify": `module.exports = { configure: ${configure} }`,
  "thread-stream": "module.exports = class {}",
  "on-exit-leak-free": "module.exports = { register() {}, unregister() {} }",
  "sonic-boom": "module.exports = class {}",
  "node:worker_threads": "module.exports = { isMainThread: true }",
  worker_threads: "module.exports = { isMainThread: true }",
  "./transport": "module.exports = () => { throw new Error('transports are not part of this build') }",
  "./lib/transport": "module.exports = () => { throw new Error('transports are not part of this build') }",
  "./redaction": "module.exports = () => { throw new Error('redaction by path is not part of this build') }",
  "./lib/redaction": "module.exports = () => { throw new Error('redaction by path is not part of this build') }",
  "./multistream": "module.exports = () => { throw new Error('multistream is not part of this build') }",
  "./lib/multistream": "module.exports = () => { throw new Error('multistream is not part of this build') }",
};

const withoutWorkers = {
  name: "pino-without-workers",
  resolveId(source, importer) {
    const isPinos = /[\\/]node_modules[\\/]pino[\\/]/.test(importer ?? "");
    return isPinos && Object.hasOwn(UNUSED, source) ? `\0unused:${source}` : null;
  },
  load(id) {
    return id.startsWith("\0unused:") ? { code: UNUSED[id.slice("\0unused:".length)], moduleType: "js" } : null;
  },
};

/**
 * A CommonJS dependency's `require` of a built-in would become `createRequire(import.meta.url)` in the ES module, and
 * import.meta is empty once a user's bundler makes CommonJS of it.
 */
const builtinsWithoutRequire = {
  name: "builtins-without-require",
  resolveId: (source) => (isBuiltin(source) ? `\0builtin:${source}` : null),
  load(id) {
    if (!id.startsWith("\0builtin:")) return null;
    const name = JSON.stringify(id.slice("\0builtin:".length));
    return { code: `module.exports = process.getBuiltinModule(${name})`, moduleType: "js", moduleSideEffects: false };
  },
};

const bundle = await rolldown({
  input: "src/index.ts",
  platform: "node",
  plugins: [withoutWorkers, builtinsWithoutRequire],
  logLevel: "warn",
});
rmSync("dist", { recursive: true, force: true });
const { output } = await bundle.write({ file: "dist/index.js", format: "esm", minify: true });
await bundle.write({ file: "dist/index.cjs", format: "cjs", minify: true });
await bundle.close();

copyDeclarations("dist-types", "dist/types");
// The same again for `require`: a .d.ts counts as CommonJS where the nearest package.json says so.
copyDeclarations("dist-types", "dist/types-cjs");
writeFileSync("dist/types-cjs/package.json", '{ "type": "commonjs" }\n');

cpSync("../../LICENSE", "LICENSE");
writeFileSync("THIRD_PARTY_NOTICES", thirdPartyNotices(output[0].moduleIds));

if (process.argv.includes("--sizes")) {
  for (const file of ["dist/index.js", "dist/index.cjs"]) {
    console.log(`${file} ${statSync(file).size} bytes, ${gzipSync(readFileSync(file)).length} gzipped`);
  }
}
