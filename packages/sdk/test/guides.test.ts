/**
 * The TypeScript of the first guide and of those for migrating is what somebody will copy: each block is a module of its own, which
 * type-checks against the package as it is packed, and runs in the lab. (What is to be replaced stands there as JavaScript, and is not ours.)
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { startLab } from "@mayfly/lab";
import { expect, onTestFinished, test } from "vitest";
import { startCollector } from "./collector.ts";

const PACKAGE = resolve(import.meta.dirname, "..");
const ROOT = resolve(PACKAGE, "../..");
const GUIDES = join(ROOT, "docs/guides");
const TSC = join(ROOT, "node_modules/.bin/tsc");

/** A project with this package in it, and each snippet as a file named after its page. */
const newProject = async (): Promise<{ readonly project: string; readonly files: readonly string[] }> => {
  const project = await mkdtemp(join(tmpdir(), "mayfly-guides-"));
  onTestFinished(() => rm(project, { recursive: true }));
  const modules = join(project, "node_modules");
  await mkdir(join(modules, "@mayfly"), { recursive: true });
  await symlink(PACKAGE, join(modules, "@mayfly/sdk"));
  for (const scope of ["@aws-sdk", "@opentelemetry", "@types"])
    await symlink(join(PACKAGE, "node_modules", scope), join(modules, scope));
  await writeFile(join(project, "package.json"), '{ "type": "module" }');
  const files: string[] = [];
  for (const page of (await readdir(GUIDES)).filter((one) => /^(getting-started|migrate-from-)/.test(one))) {
    const blocks = [...(await readFile(join(GUIDES, page), "utf8")).matchAll(/^```ts\n([\s\S]*?)^```$/gm)];
    for (const [n, [, text = ""]] of blocks.entries()) {
      const file = `${page.replace(".md", "")}-${n}.ts`;
      await writeFile(join(project, file), text);
      files.push(file);
    }
  }
  return { project, files };
};

/** Of an order, by whichever way: a queue, an HTTP API, a plain call. */
const ORDER = { id: "o-1", card: "4242", amount: 5 };
const EVENT = {
  ...ORDER,
  body: JSON.stringify(ORDER),
  Records: [
    { messageId: "m-1", body: JSON.stringify(ORDER), attributes: {}, messageAttributes: {}, eventSource: "aws:sqs" },
  ],
};

test("each snippet of the guides type-checks as it stands", async () => {
  const { project, files } = await newProject();
  expect(files.length).toBeGreaterThan(3);
  const compilerOptions = { module: "nodenext", strict: true, noEmit: true, skipLibCheck: true, types: [] };
  await writeFile(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
  const { stdout } = await promisify(execFile)(TSC, ["-p", project, "--pretty", "false"]).catch(
    (failure: { stdout: string }) => failure,
  );
  expect(stdout).toBe("");
});

test("each snippet of the guides runs, and its card is authorized in its trace", async () => {
  const { project, files } = await newProject();
  const collector = await startCollector();
  const functions = Object.fromEntries(
    files.map((file) => [file.replace(".ts", ""), { file: join(project, file), timeoutMs: 60_000 }]),
  );
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, MAYFLY_FLUSH_BUDGET_MS: "20000" };
  const lab = await startLab({ functions }, { environment });
  onTestFinished(() => lab.close());
  for (const name of Object.keys(functions)) {
    const url = `${lab.environment["AWS_ENDPOINT_URL_LAMBDA"]}/2015-03-31/functions/${name}/invocations`;
    const response = await fetch(url, { method: "POST", body: JSON.stringify(EVENT) });
    expect([name, response.headers.get("x-amz-function-error"), await response.text()]).toEqual([
      name,
      null,
      expect.any(String),
    ]);
    expect(collector.spans.map((span) => span.name)).toContain(name);
  }
  const authorized = collector.spans.filter((span) => span.name === "authorize card");
  expect(authorized).toHaveLength(files.length);
  expect(collector.logs.filter(({ body }) => JSON.stringify(body)?.includes("card authorized"))).toHaveLength(
    files.length,
  );
});
