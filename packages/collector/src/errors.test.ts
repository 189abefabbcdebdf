import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { ERROR_CODES, type ErrorCode, InputError, LimitError, OverloadError } from "./errors.ts";
import { HTTP_STATUS, httpProblem } from "./http-status.ts";

test("docs/reference/errors.md lists every code with its status", async () => {
  const page = await readFile(new URL("../../../docs/reference/errors.md", import.meta.url), "utf8");
  const codes = Object.keys(ERROR_CODES).toSorted() as ErrorCode[];
  const rows = codes.map(
    (code) =>
      `| \`${code}\` | ${HTTP_STATUS[code] ?? "–"} | ${ERROR_CODES[code].meaning} | ${ERROR_CODES[code].remedy} |`,
  );
  expect(page.split("\n").filter((line) => line.startsWith("| `"))).toEqual(rows);
});

test("what we refuse keeps its code and message", () => {
  expect(httpProblem(new InputError("malformed-body", "byte 7"))).toEqual({
    status: 400,
    code: "malformed-body",
    message: "byte 7",
    headers: {},
  });
});

test("only what may succeed later says when", () => {
  expect(httpProblem(new OverloadError("overloaded", "full"))).toMatchObject({
    status: 503,
    headers: { "retry-after": "5" },
  });
  expect(httpProblem(new LimitError("slower", 7))).toMatchObject({ status: 429, headers: { "retry-after": "7" } });
  expect(httpProblem(new InputError("bad-parameter", "x")).headers).toEqual({});
});

test("a bug's words stay inside", () => {
  expect(httpProblem(new TypeError("secret of undefined"))).toEqual({
    status: 500,
    code: "internal",
    message: "internal error",
    headers: {},
  });
});
