/** One text for everything that a collector answers about a world, so that two answers are the same or not. */
import { digestOf } from "./arrivals.ts";
import type { Ask, Story } from "./judge.ts";
import type { World } from "./world.ts";

export const digestOfAnswers = async ({ works, shells }: World, ask: Ask): Promise<string> => {
  const told: string[] = [];
  for (const { path } of [...works, ...shells]) told.push(textOf(path, await ask(path)));
  return digestOf(told.join("\n")).toString("hex");
};

const textOf = (path: string, story: Story | undefined): string =>
  story === undefined
    ? `${path}: unknown`
    : `${path}: ${story.id} [${[...story.spans].toSorted().join(" ")}] [${story.joins.toSorted().join(" ")}] [${story.gaps
        .map(({ reason, at }) => `${reason}@${at}`)
        .toSorted()
        .join(" ")}]`;
