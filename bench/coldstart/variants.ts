/**
 * The functions that are measured: one source each, made into one minified file by esbuild, as ES module and as CommonJS, without and
 * with one SQS call. All write one log line and answer the same.
 *
 * What hooks into Node's loader finds nothing in a bundle: such a peer's function keeps its packages in node_modules.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

export type Format = "esm" | "cjs";
export type Call = "none" | "sqs";

export interface Variant {
  readonly name: string;
  readonly source: string;
  readonly format: Format;
  readonly call: Call;
  readonly isBundled: boolean;
  /** Where what it records has to arrive: a variant that sends nothing proves nothing. */
  readonly sends: "nothing" | "otlp" | "x-ray" | "log";
  readonly variables: Readonly<Record<string, string>>;
  /** Runs the runtime, as Lambda's exec wrapper does. */
  readonly wrapper?: string;
}

export interface Built extends Variant {
  readonly file: string;
  readonly bytes: number;
}

type Kind = Pick<Variant, "name" | "source" | "sends"> &
  Partial<Pick<Variant, "isBundled" | "variables" | "wrapper">> & { readonly formats?: readonly Format[] };

const here = import.meta.dirname;
const bench = join(here, "..");
const sdk = join(bench, "../packages/sdk/dist");
const layer = join(bench, "../packages/layer/dist/layer/mayfly");
const resolve = (name: string): string => createRequire(join(bench, "package.json")).resolve(name);
const autoInstrumentations = resolve("@opentelemetry/auto-instrumentations-node/register");
const preload = (file: string): Record<string, string> => ({ NODE_OPTIONS: `--import=${pathToFileURL(file).href}` });

const KINDS: readonly Kind[] = [
  { name: "bare", source: "bare", sends: "nothing" },
  { name: "@mayfly/sdk, direct", source: "mayfly", sends: "otlp" },
  {
    name: "@mayfly/sdk, after-response",
    source: "mayfly",
    sends: "otlp",
    variables: preload(join(sdk, "after-response.js")),
  },
  ...(existsSync(layer) ? [{ name: "Mayfly layer", source: "bare", sends: "otlp", wrapper: layer } as const] : []),
  ...(existsSync(join(sdk, "register.js"))
    ? [
        {
          name: "@mayfly/sdk/register",
          source: "bare",
          sends: "otlp",
          isBundled: false,
          variables: preload(join(sdk, "register.js")),
        } as const,
      ]
    : []),
  { name: "Powertools logger + tracer + metrics", source: "powertools", sends: "x-ray" },
  { name: "OpenTelemetry NodeSDK", source: "opentelemetry", sends: "otlp" },
  {
    // What it costs to be loaded: under this client its hooks do not find the handler, so it makes no span and sends nothing.
    name: "OpenTelemetry auto-instrumentations-node, loaded",
    source: "bare",
    sends: "nothing",
    isBundled: false,
    formats: ["cjs"],
    variables: {
      NODE_OPTIONS: `--require=${autoInstrumentations}`,
      OTEL_NODE_RESOURCE_DETECTORS: "env,aws",
      OTEL_TRACES_EXPORTER: "otlp",
      OTEL_METRICS_EXPORTER: "none",
      OTEL_LOGS_EXPORTER: "none",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
    },
  },
  {
    // By its handler, as its layer does. It finds no extension beside it and writes what it records to the log.
    name: "Datadog library and tracer",
    source: "bare",
    sends: "log",
    isBundled: false,
    formats: ["cjs"],
    variables: {
      _HANDLER: join(bench, "node_modules/datadog-lambda-js/dist/handler.handler"),
      DD_LAMBDA_HANDLER: "index.handler",
      DD_API_KEY: "0".repeat(32),
      DD_FLUSH_TO_LOG: "true",
      DD_TRACE_ENABLED: "true",
      DD_INSTRUMENTATION_TELEMETRY_ENABLED: "false",
      DD_REMOTE_CONFIGURATION_ENABLED: "false",
    },
  },
];

export const variants = (calls: readonly Call[]): readonly Variant[] =>
  calls.flatMap((call) =>
    KINDS.flatMap(({ formats = ["esm", "cjs"], isBundled = true, variables = {}, ...kind }) =>
      formats.map((format) => ({ ...kind, isBundled, variables, format, call })),
    ),
  );

const ESBUILD = join(bench, "node_modules", ".bin", "esbuild");

/**
 * What the peers' bundles need to start at all: their CommonJS dependencies call `require`, which an ES module has not, and their ES
 * modules read import.meta.url, which CommonJS has not. The SDK's do neither.
 */
const SHIMS = {
  esm: ["--banner:js=const require=process.getBuiltinModule('node:module').createRequire(import.meta.url);"],
  cjs: [
    "--define:import.meta.url=moduleUrl",
    "--banner:js=const moduleUrl=process.getBuiltinModule('node:url').pathToFileURL(__filename).href;",
  ],
};

/** esbuild exports by getters, which those who wrap a handler from outside cannot replace. */
const PLAIN_EXPORTS = "--footer:js=module.exports={...module.exports};";

/** `folder` is below bench/, so that what is not bundled is found. */
export const build = (variant: Variant, folder: string): Built => {
  const { name, source, format, call, isBundled } = variant;
  const out = join(folder, `${name}-${format}-${call}`.replaceAll(/\W+/g, "-"));
  mkdirSync(out, { recursive: true });
  // Some peers look for a .js.
  if (format === "cjs") writeFileSync(join(out, "package.json"), '{ "type": "commonjs" }');
  const file = join(out, format === "esm" ? "index.mjs" : "index.js");
  const needsShims = call === "sqs" || (source !== "bare" && source !== "mayfly");
  const result = spawnSync(
    ESBUILD,
    [
      join(here, "handlers", `${source}.mjs`),
      "--bundle",
      "--minify",
      "--platform=node",
      "--target=node22",
      "--log-level=error",
      `--alias:#work=${join(here, "handlers", `${call === "sqs" ? "sqs-call" : "no-call"}.mjs`)}`,
      `--format=${format}`,
      `--outfile=${file}`,
      ...(isBundled ? [] : ["--packages=external", ...(format === "cjs" ? [PLAIN_EXPORTS] : [])]),
      ...(needsShims ? SHIMS[format] : []),
    ],
    { encoding: "utf8" },
  );
  if (result.status !== 0) throw new Error(`cannot bundle ${source}: ${result.stderr || String(result.error)}`);
  return { ...variant, file, bytes: statSync(file).size };
};
