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
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { quietOpenTelemetry } from "./opentelemetry-parts.mjs";
import { copyDeclarations, thirdPartyNotices } from "./packaging.mjs";
import { lazyFunctions } from "./lazy-functions.mjs";
import { ATTR } from "./src/semconv.ts";
import { configure, pinoAsModules, serializers } from "./pino-parts.mjs";

const without = (what) => `export default () => { throw new Error('${what} are not part of this build') }`;

/** OpenTelemetry's own complaints, for a logger that nobody sets in this copy. */
const SILENT_DIAG = `export class DiagAPI {
  static instance() { return new DiagAPI() }
  verbose() {} debug() {} info() {} warn() {} error() {}
}`;

/** By the package that asks for it. What is here is never reached by what the SDK promises, or does less of the same. */
const REPLACED = {
  pino: {
    "safe-stable-stringify": `export const configure = ${configure}`,
    "pino-std-serializers": `const all = ${serializers}; export const { mapHttpRequest, mapHttpResponse } = all; export default all`,
    "sonic-boom": "export default class {}",
    "on-exit-leak-free": "export default { register() {}, unregister() {} }",
    // Lines are dated by the SDK.
    "./lib/time":
      "export const nullTime = () => ''; export const epochTime = nullTime; export default { nullTime, epochTime }",
    // For a line's `hostname`, which ours have not.
    "node:os": "export default { hostname() {} }",
    // Where a transport would be looked for.
    "./lib/caller": "export default () => []",
    "./transport": without("transports"),
    "./lib/transport": without("transports"),
    "./redaction": without("paths of redaction"),
    "./lib/redaction": without("paths of redaction"),
  },
  "@opentelemetry/api": {
    "./diag.mjs": SILENT_DIAG,
    "./api/diag.mjs": SILENT_DIAG,
    // Whether what others have registered may be read, which globals.ts decides.
    "./semver.mjs": "export const isCompatible = () => true",
    // Both for who looks up what is registered; the SDK holds what it registers.
    "./metrics/NoopMeter.mjs": "export const createNoopMeter = () => undefined",
    "../trace/ProxyTracerProvider.mjs": "export class ProxyTracerProvider { setDelegate() {} }",
    "./trace/ProxyTracerProvider.mjs": "export class ProxyTracerProvider { setDelegate() {} }",
  },
  "@opentelemetry/core": {
    // It would tell OpenTelemetry's own logger.
    "./logging-error-handler.mjs": "export const loggingErrorHandler = () => () => {}",
  },
  "@opentelemetry/sdk-trace": {
    // There is one processor.
    "./MultiSpanProcessor.mjs":
      "export class MultiSpanProcessor { constructor(all) { return Object.assign(all[0], { _spanProcessors: all }) } }",
    // A provider that was given none.
    "@opentelemetry/resources": "export const defaultResource = () => undefined",
    // Of the SDK itself, for a meter that is never there.
    "./TracerMetrics.mjs": "export class TracerMetrics { startSpan() { return undefined } }",
    // What a provider samples with that is given no sampler.
    "./sampler/AlwaysOnSampler.mjs": "export class AlwaysOnSampler {}",
    "./sampler/ParentBasedSampler.mjs": "export class ParentBasedSampler {}",
  },
};

const replacements = {
  name: "replacements",
  resolveId(source, importer) {
    const name = /[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)[\\/](?!.*[\\/]node_modules[\\/])/.exec(
      importer ?? "",
    )?.[1];
    return Object.hasOwn(REPLACED[name] ?? {}, source) ? `\0replaced:${name}:${source}` : null;
  },
  load(id) {
    if (!id.startsWith("\0replaced:")) return null;
    const [, name, source] = /^\0replaced:(.+?):(.+)$/.exec(id);
    return { code: REPLACED[name][source], moduleType: "js" };
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

/** Keys of attributes are written where they are used: 2 kB less than the table of them, and no look-up. */
const attributeKeys = {
  name: "attribute-keys",
  transform: {
    filter: { id: /[\\/]sdk[\\/]src[\\/](?!semconv)/ },
    handler: (code) =>
      code.replaceAll(/\bATTR\.(\w+)/g, (found, name) => (ATTR[name] ? JSON.stringify(ATTR[name]) : found)),
  },
};

const bundleOf = (input, plugins) =>
  rolldown({
    input,
    platform: "node",
    plugins: [attributeKeys, pinoAsModules, quietOpenTelemetry, replacements, builtinsWithoutRequire, ...plugins],
    transform: { inject: { performance: [join(import.meta.dirname, "src/performance.ts"), "performance"] } },
    optimization: { inlineConst: true },
    logLevel: "warn",
  });

/**
 * Fields that OpenTelemetry's classes keep to themselves, by short names. Not those that are asked for as text: `_startTimeProvided` by
 * trace/provider.ts, `_spanProcessors` by the tracer provider.
 */
const PRIVATE = `
  internalState spanLimits spanContext spanProcessor isSpanEnded ended duration resource droppedLinksCount
  droppedEventsCount droppedAttributesCount attributesCount performanceStartTime performanceOffset getTime
  recordEndMetrics sampler idGenerator tracerOptions tracerMetrics activeSpanProcessor tracers
  asyncLocalStorage currentContext previousContext isDisposed getContextManager attachUnsupportedWarned
  proxyTracerProvider kOtListeners wrapped getPatchMap createPatchMap patchAddListener patchRemoveListener
  patchRemoveAllListeners bindFunction bindEventEmitter
`;
const minify = {
  compress: true,
  mangle: true,
  mangleProps: { include: new RegExp(`^_(?:${PRIVATE.trim().split(/\s+/).join("|")})$`) },
};

const bundled = async (input, files) => {
  const bundle = await bundleOf(input, [lazyFunctions]);
  const written = [];
  for (const [file, format] of Object.entries(files))
    written.push(await bundle.write({ file, format, minify, comments: false }));
  await bundle.close();
  return written.flatMap(({ output }) => output[0].moduleIds);
};

rmSync("dist", { recursive: true, force: true });
const moduleIds = await bundled("src/index.ts", { "dist/index.js": "esm", "dist/index.cjs": "cjs" });
// It awaits, which CommonJS cannot.
await bundled("src/after-response.ts", { "dist/after-response.js": "esm" });
await bundled("src/register.ts", { "dist/register.js": "esm" });

await bundled("src/esbuild.ts", { "dist/esbuild.js": "esm", "dist/esbuild.cjs": "cjs" });

copyDeclarations("dist-types", "dist/types", "index.d.ts");
copyDeclarations("dist-types", "dist/types", "esbuild.d.ts");
copyDeclarations("dist-types", "dist/types", "after-response.d.ts");
copyDeclarations("dist-types", "dist/types", "register.d.ts");
// The same again for `require`: a .d.ts counts as CommonJS where the nearest package.json says so.
copyDeclarations("dist-types", "dist/types-cjs", "index.d.ts");
copyDeclarations("dist-types", "dist/types-cjs", "esbuild.d.ts");
writeFileSync("dist/types-cjs/package.json", '{ "type": "commonjs" }\n');

cpSync("../../LICENSE", "LICENSE");
writeFileSync("THIRD_PARTY_NOTICES", thirdPartyNotices(moduleIds));

if (process.argv.includes("--sizes")) {
  for (const file of ["dist/index.js", "dist/index.cjs", "dist/after-response.js", "dist/register.js"]) {
    console.log(`${file} ${statSync(file).size} bytes, ${gzipSync(readFileSync(file)).length} gzipped`);
  }
}
