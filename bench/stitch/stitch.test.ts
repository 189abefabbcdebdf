/** A seeded share of bench/stitch: right about what really happened, whatever arrives first. */
import { expect, test } from "vitest";
import { seeded } from "../corpus/random.ts";
import { digestOfAnswers } from "./answers.ts";
import { arrivalOf } from "./arrivals.ts";
import { openEmbedded } from "./embedded.ts";
import { CONTEXTS, DIALECTS } from "./hops.ts";
import { judge } from "./judge.ts";
import { worldOf } from "./topologies.ts";

const world = (seed: number, each: number) =>
  worldOf(each, { random: seeded(seed), dialects: DIALECTS, contexts: CONTEXTS });

test.each([1, 2, 3])("world %i: whatever ids or contexts connect is one story, and nothing else is", async (seed) => {
  const whole = world(seed, 3);
  const collector = openEmbedded();
  await collector.arrive(arrivalOf(whole.parts, seeded(seed)));
  const verdict = await judge(whole, collector.ask);
  await collector.close();

  expect(verdict.pairsJoinable).toBeGreaterThan(200);
  expect({ wrong: verdict.wrong, missed: verdict.missed }).toEqual({ wrong: [], missed: [] });
  expect(verdict.mergedThroughBatches).toBe(0);
  // Whatever one side tells of is named; and nothing is, where nothing is missing.
  expect(verdict.unjoinable - verdict.unknowable).toBeGreaterThan(40);
  expect({ unnamed: verdict.unnamed, falselyNamed: verdict.falselyNamed }).toEqual({ unnamed: {}, falselyNamed: {} });
});

test("the order of arrival changes no answer", async () => {
  const whole = world(4, 1);
  const answers = new Set<string>();
  for (const order of [1, 2, 3, 4]) {
    const collector = openEmbedded();
    await collector.arrive(arrivalOf(whole.parts, seeded(order)));
    answers.add(await digestOfAnswers(whole, collector.ask));
    await collector.close();
  }
  expect(answers.size).toBe(1);
});
