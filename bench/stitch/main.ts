/**
 * Whether stitching is right, and what it costs.
 *
 *   npm run bench stitch -- --help
 *
 * truth      a seeded world of --each of every topology (topologies.ts), in the spellings of three instrumentations (hops.ts), with
 *            clocks up to 500 ms off, contexts kept, lost, foreign and stale, arriving shuffled, in part twice, over two
 *            weeks; each pair of works judged against what really happened (judge.ts)
 * arrivals   the same answers for so many orders of arrival
 * kill       the same answers of a collector process that was killed while it received
 * ingest     the share of the ingest rate that stitching takes (cost.ts)
 * questions  a stitched trace of 1,000 spans over 50 W3C traces, and the first page of a message with 10,000 consumers, over
 *            --background other spans: each asked for again and again, which is told without a walk, and so that each is walked
 *
 * Prints tables and the result as JSON; --save keeps it as bench/results/stitch.json.
 *
 * Errors  fails where an answer depends on the order of arrival, or on a kill.
 */
import { writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { seeded } from "../corpus/random.ts";
import { readFlags, some, toggle, whole } from "../flags.ts";
import { digestOfAnswers } from "./answers.ts";
import { arrivalOf } from "./arrivals.ts";
import { ingestShare, questionTimes } from "./cost.ts";
import { openEmbedded } from "./embedded.ts";
import { CONTEXTS, DIALECTS } from "./hops.ts";
import { type Verdict, judge } from "./judge.ts";
import { openServed } from "./served.ts";
import { worldOf } from "./topologies.ts";
import type { World } from "./world.ts";

const PARTS = ["truth", "arrivals", "kill", "ingest", "questions"] as const;
type Part = (typeof PARTS)[number];

const { values, command } = readFlags({
  name: "stitch",
  measures: "Whether stitching is right, and what it costs.",
  flags: {
    each: whole(20, 1, "how many of every topology the seeded world has"),
    arrivals: whole(100, 1, "orders of arrival with the same answers"),
    seed: whole(1, 0, "of the world"),
    background: whole(1_000_000, 0, "other spans beside the stories that are asked for"),
    asked: whole(200, 1, "how often each question is asked"),
    only: some(PARTS, "what is measured"),
    save: toggle("keep the result as bench/results/stitch.json"),
  },
});
const { each, arrivals, seed, background, asked, only: chosen } = values;

/** What the orders of arrival and the kill are tried on: two of each topology. */
const SMALL = 2;

const world = (size: number): World => worldOf(size, { random: seeded(seed), dialects: DIALECTS, contexts: CONTEXTS });

const truth = async (): Promise<Verdict> => {
  const drawn = world(each);
  const collector = openEmbedded();
  await collector.arrive(arrivalOf(drawn.parts, seeded(seed)));
  const verdict = await judge(drawn, collector.ask);
  await collector.close();
  return verdict;
};

const sameForAllArrivals = async (): Promise<number> => {
  const small = world(SMALL);
  let expected: string | undefined;
  for (let n = 0; n < arrivals; n++) {
    const collector = openEmbedded();
    await collector.arrive(arrivalOf(small.parts, seeded(seed * 1000 + n)));
    const digest = await digestOfAnswers(small, collector.ask);
    await collector.close();
    expected ??= digest;
    if (digest !== expected) throw new Error(`the answers for arrival ${n} differ from those for arrival 0`);
  }
  return arrivals;
};

const sameThroughKill = async (): Promise<boolean> => {
  const small = world(SMALL);
  const bodies = arrivalOf(small.parts, seeded(seed));
  const digests: string[] = [];
  for (const isKilled of [false, true]) {
    const served = await openServed();
    if (isKilled) await served.arriveThroughKill(bodies, Math.floor(bodies.length / 2));
    else await served.arrive(bodies);
    digests.push(await digestOfAnswers(small, served.ask));
    await served.close();
  }
  if (digests[0] !== digests[1]) throw new Error("the answers differ after a kill in the middle");
  return true;
};

const run = async <T>(part: Part, measure: () => Promise<T>): Promise<T | undefined> => {
  if (!chosen.includes(part)) return undefined;
  console.error(`bench: ${part} …`);
  return await measure();
};

const measured = {
  truth: await run("truth", truth),
  arrivals: await run("arrivals", sameForAllArrivals),
  kill: await run("kill", sameThroughKill),
  ingest: await run("ingest", () => ingestShare(seed, 10, 3)),
  questions: await run("questions", () => questionTimes(seed, background, asked)),
};
const result = {
  command,
  node: process.version,
  cpu: cpus()[0]?.model ?? "",
  cores: availableParallelism(),
  ...measured,
};
const rows: (readonly [string, unknown])[] = [];
const verdict = measured.truth;
if (verdict) {
  for (const name of [
    "works",
    "pairsFound",
    "pairsJoinable",
    "precision",
    "recall",
    "mergedThroughBatches",
    "unjoinable",
    "unknowable",
    "unjoinableNamed",
    "gaps",
    "falseGaps",
  ] as const)
    rows.push([name, verdict[name]]);
}
for (const [name, value] of Object.entries(measured))
  if (name !== "truth" && value !== undefined) rows.push([name, JSON.stringify(value)]);
console.log(["| | |", "| --- | --- |", ...rows.map(([name, value]) => `| ${name} | ${String(value)} |`)].join("\n"));
console.log(JSON.stringify(result));
if (values.save)
  writeFileSync(new URL("../results/stitch.json", import.meta.url), `${JSON.stringify(result, null, 2)}\n`);
