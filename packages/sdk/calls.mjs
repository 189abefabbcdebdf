/**
 * The functions that a cold start calls: while a bundle is loaded and its first invocation runs, until the response. Found by running
 * it, so that no list of them grows old.
 *
 *   node calls.mjs FILE LIST      a CommonJS bundle that is not minified; writes the text of each as JSON
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Session } from "node:inspector/promises";
import { pathToFileURL } from "node:url";

const CONTEXT = {
  awsRequestId: "request",
  invokedFunctionArn: "arn:aws:lambda:eu-west-1:000000000000:function:function",
  xRayTraceId: "Root=1-6956b300-0123456789abcdef01234567;Parent=89abcdef01234567;Sampled=0",
  getRemainingTimeInMillis: () => 900_000,
};

const main = async (file, list) => {
  // As the preload leaves it: what comes after the response is not asked for.
  globalThis[Symbol.for("mayfly.extension.v1")] = { state: "registered", reason: "", begun() {}, finished() {} };
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  const { logger, observe } = createRequire(import.meta.url)(file);
  process.stdout.write = () => true;
  await observe(async () => logger.info("hello"))({}, CONTEXT);
  const { result } = await session.post("Profiler.takePreciseCoverage");
  const { functions = [] } = result.find(({ url }) => url === pathToFileURL(file).href || url === file) ?? {};
  const text = readFileSync(file, "utf8");
  const called = functions
    .map(({ ranges }) => ranges[0])
    .filter(({ count, startOffset }) => count > 0 && startOffset > 0);
  writeFileSync(list, JSON.stringify(called.map(({ startOffset, endOffset }) => text.slice(startOffset, endOffset))));
  process.exit();
};

await main(process.argv[2], process.argv[3]);
