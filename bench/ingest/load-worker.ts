/** The thread that load-beside.ts starts: sends until it is told to end, then says how many spans a second it was. */
import { parentPort, workerData } from "node:worker_threads";
import { templatesOf } from "../corpus/requests.ts";
import type { SteadyLoad } from "./load-beside.ts";
import { load } from "./load.ts";

const { seed, ...options } = workerData as SteadyLoad;
const SECONDS = 2;

let isToEnd = false;
parentPort?.once("message", () => (isToEnd = true));
const templates = templatesOf("protobuf", { kind: "batched", spans: 500 }, seed);
let [spans, elapsedMs] = [0, 0];
while (!isToEnd) {
  const sent = await load({ ...options, encoding: "protobuf", templates, seconds: SECONDS });
  spans += sent.spans;
  elapsedMs += sent.elapsedMs;
}
parentPort?.postMessage((spans / elapsedMs) * 1000, []);
