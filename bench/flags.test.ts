import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { folder, oneOf, parts, read, some, toggle, whole } from "./flags.ts";

const bench = {
  name: "hops",
  measures: "How far.",
  flags: {
    seconds: whole(60, 1, "of each row"),
    kinds: some(["far", "near"], "what is measured"),
    way: oneOf(["fast", "slow"], "how"),
    only: parts("rows of these names"),
    data: folder("where it stays"),
    save: toggle("keeps it"),
  },
};

test("flags are read, what is not said has its default, and the command says both", () => {
  expect(read(bench, [])).toEqual({
    values: { seconds: 60, kinds: ["far", "near"], way: "fast", only: [], data: undefined, save: false },
    command: "npm run bench hops -- --seconds 60 --kinds far,near --way fast",
  });
  const args = ["--seconds=5", "--kinds", "near", "--way", "slow", "--only", "a,b", "--data", "/tmp/x", "--save"];
  expect(read(bench, args)).toEqual({
    values: { seconds: 5, kinds: ["near"], way: "slow", only: ["a", "b"], data: "/tmp/x", save: true },
    command: "npm run bench hops -- --seconds 5 --kinds near --way slow --only a,b --data /tmp/x",
  });
});

test("all that is wrong is named at once, with what would be right", () => {
  const args = ["--second", "5", "--seconds", "0", "--kinds", "near,wide", "--way", "back", "--save=yes", "more"];
  expect(read(bench, args)).toEqual({
    problems: [
      "there is no --second; did you mean --seconds?",
      '"5" belongs to no flag',
      '--seconds is "0", expected a whole number from 1 up',
      '--kinds is "near,wide", expected of far, near, with commas between',
      '--way is "back", expected one of fast, slow',
      '--save is "yes", expected no value',
      '"more" belongs to no flag',
    ],
  });
  expect(read(bench, ["--seconds"])).toEqual({
    problems: ['--seconds is "", expected a whole number from 1 up'],
  });
});

test.each(["coldstart", "ingest", "query", "stitch"])(
  "bench %s tells its flags, and refuses others before it begins",
  (name) => {
    const main = join(import.meta.dirname, name, "main.ts");
    expect(execFileSync(process.execPath, [main, "--help"], { encoding: "utf8" })).toMatch(/^ {2}--seed N +\S/m);
    const { status, stderr, stdout } = spawnSync(process.execPath, [main, "--sead", "2"], { encoding: "utf8" });
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("there is no --sead; did you mean --seed?");
  },
);
