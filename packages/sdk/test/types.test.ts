/** The declarations that users get: they install this package alone, so nothing may be asked for that is bundled. */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";

const PACKAGE = resolve(import.meta.dirname, "..");
const TSC = resolve(PACKAGE, "../../node_modules/.bin/tsc");

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*["']([^"']+)["']|<reference\s+types=["']([^"']+)["']/g;

/** Packages that this declaration file, or any it reaches, asks for. */
const packagesAskedFor = async (file: string, seen = new Set<string>()): Promise<string[]> => {
  if (seen.has(file)) return [];
  seen.add(file);
  const sources = [...(await readFile(file, "utf8")).matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? "");
  const relative = sources.filter((source) => source.startsWith("."));
  const inner = await Promise.all(
    relative.map((source) => packagesAskedFor(join(dirname(file), source.replace(/(\.d)?\.[jt]s$/, ".d.ts")), seen)),
  );
  return [...sources.filter((source) => !source.startsWith(".")), ...inner.flat()];
};

test.each(["dist/types/index.d.ts", "dist/types-cjs/index.d.ts"])(
  "%s and what it reaches ask for nobody else",
  async (file) => {
    const seen = new Set<string>();
    expect(await packagesAskedFor(join(PACKAGE, file), seen)).toEqual([]);
    expect(seen.size, "files that were read").toBeGreaterThan(5);
  },
);

const USER = `
import { annotate, detectTrigger, eachRecord, logger, observe, span } from "@mayfly/sdk";
import type { BatchResponse, Logger, StitchKey, Trigger } from "@mayfly/sdk";

interface Message { readonly messageId: string; readonly body: string }

export const handler = observe(async (event: { Records: Message[] }): Promise<BatchResponse> => {
  const trigger: Trigger = detectTrigger(event);
  const keys: readonly StitchKey[] = trigger.records.flatMap((record) => record.keys);
  annotate({ orderId: "o-1", amount: keys.length, isGold: true });
  const child: Logger = logger.child({ part: "payment" });
  child.info({ amount: 5 }, "charged");
  child.error(new Error("boom"));
  return eachRecord(event, (message) => span("work", () => message.body.length, { id: message.messageId }));
});
const response: Promise<BatchResponse> = handler({ Records: [] });
void response;

// @ts-expect-error -- a handler keeps its parameters
void handler({ Records: [5] });
// @ts-expect-error -- an annotation is a text, a number or a boolean
annotate({ order: {} });
// @ts-expect-error -- no function, no handler
observe({});
`;

test("a project that installs only this package type-checks, from both module systems, libraries included", async () => {
  const project = await mkdtemp(join(tmpdir(), "mayfly-types-"));
  onTestFinished(() => rm(project, { recursive: true }));
  const installed = join(project, "node_modules/@mayfly/sdk");
  await mkdir(join(installed, "dist"), { recursive: true });
  for (const part of ["package.json", "dist/types", "dist/types-cjs"])
    await cp(join(PACKAGE, part), join(installed, part), { recursive: true });
  await writeFile(join(project, "user.mts"), USER);
  await writeFile(join(project, "user.cts"), USER);
  const compilerOptions = { module: "nodenext", strict: true, noEmit: true, skipLibCheck: false, types: [] };
  await writeFile(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["user.mts", "user.cts"] }));
  const { stdout } = await promisify(execFile)(TSC, ["-p", project, "--pretty", "false"]).catch(
    (failure: { stdout: string }) => failure,
  );
  expect(stdout).toBe("");
});
