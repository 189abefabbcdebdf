/**
 * The functions that are measured: one source each, bundled by esbuild into one minified file, as ES module and as CommonJS.
 * All write one log line and answer the same.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";

export type Format = "esm" | "cjs";

export interface Variant {
  readonly name: string;
  readonly source: string;
  readonly format: Format;
  /** Where what it records has to arrive: a variant that sends nothing proves nothing. */
  readonly sends: "nothing" | "otlp" | "x-ray";
}

export interface Bundle extends Variant {
  readonly file: string;
  readonly bytes: number;
}

const SOURCES = [
  { name: "bare", source: "bare", sends: "nothing" },
  { name: "@mayfly/sdk, direct", source: "mayfly", sends: "otlp" },
  { name: "Powertools logger + tracer + metrics", source: "powertools", sends: "x-ray" },
  { name: "OpenTelemetry NodeSDK", source: "opentelemetry", sends: "otlp" },
] as const;

export const VARIANTS: readonly Variant[] = SOURCES.flatMap((one) =>
  (["esm", "cjs"] as const).map((format) => ({ ...one, format })),
);

const here = import.meta.dirname;
const ESBUILD = join(here, "..", "node_modules", ".bin", "esbuild");

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

export const bundle = (variant: Variant, folder: string): Bundle => {
  const out = join(folder, `${variant.source}-${variant.format}`);
  mkdirSync(out, { recursive: true });
  const file = join(out, variant.format === "esm" ? "index.mjs" : "index.cjs");
  const isPeer = variant.source !== "bare" && variant.source !== "mayfly";
  const flags = ["--bundle", "--minify", "--platform=node", "--target=node22", "--log-level=error"];
  const result = spawnSync(
    ESBUILD,
    [
      join(here, "handlers", `${variant.source}.mjs`),
      ...flags,
      `--format=${variant.format}`,
      `--outfile=${file}`,
      ...(isPeer ? SHIMS[variant.format] : []),
    ],
    { encoding: "utf8" },
  );
  if (result.status !== 0) throw new Error(`cannot bundle ${variant.source}: ${result.stderr || String(result.error)}`);
  return { ...variant, file, bytes: statSync(file).size };
};
