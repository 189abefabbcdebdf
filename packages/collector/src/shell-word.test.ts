import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { shellWord } from "./shell-word.ts";

test("a shell reads back what was quoted for it", () => {
  const texts = ["/var/lib/mayfly", "", "my data", "it's", "$HOME", "a\\b", "`id`", "~", "*", "two\nlines", "'", "ä;b"];
  const script = `printf '%s\\0' ${texts.map(shellWord).join(" ")}`;
  expect(execFileSync("sh", ["-c", script], { encoding: "utf8" }).split("\0")).toEqual([...texts, ""]);
});

test("what needs no quotes has none", () => {
  expect(["./.mayfly", "/srv/a-b_c.d"].map(shellWord)).toEqual(["./.mayfly", "/srv/a-b_c.d"]);
});
