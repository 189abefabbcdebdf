import { expect, test } from "vitest";
import { nearest } from "./nearest.ts";

const KNOWN = ["host", "port", "data", "logLevel", "maxBodyBytes"];

test.each([
  ["hots", "host"],
  ["ports", "port"],
  ["loglevel", "logLevel"],
  ["maxBodyByte", "maxBodyBytes"],
])("%s most likely meant %s", (word, meant) => {
  expect(nearest(word, KNOWN)).toBe(meant);
});

test.each(["", "x", "colour", "retention"])("%j is near to nothing", (word) => {
  expect(nearest(word, ["logLevel", "maxBodyBytes"])).toBeUndefined();
});
