import { expect, test, vi } from "vitest";
import { main } from "./main.ts";

/** In this process: what it prints, and its exit code. */
const mayfly = async (...args: string[]) => {
  const out: string[] = [];
  const [stdout, stderr] = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, "write").mockImplementation((text) => out.push(String(text)) > 0),
  );
  try {
    return { code: await main(args), text: out.join("") };
  } finally {
    stdout?.mockRestore();
    stderr?.mockRestore();
  }
};

test("every command, and every command below it, has help", async () => {
  const withThoseBelow = async (...path: string[]): Promise<string[]> => {
    const { code, text } = await mayfly(...path, "--help");
    expect([code, text]).toEqual([0, expect.stringContaining(["Usage: mayfly", ...path].join(" "))]);
    expect(text).not.toContain("default ,");
    const below: string[] = [];
    for (const [, name = ""] of (text.split("Commands:")[1] ?? "").matchAll(/^ {2}(?!help)([a-z-]+)/gm))
      below.push(...(await withThoseBelow(...path, name)));
    return [path.join(" "), ...below];
  };

  expect(await withThoseBelow()).toEqual(
    expect.arrayContaining(["serve", "keys revoke", "import step-functions", "export xray", "conformance"]),
  );
});

test("a command that there is none of is wrong usage, also where help is asked for", async () => {
  for (const args of [["fly"], ["fly", "--help"], ["serv", "--help"]])
    expect(await mayfly(...args)).toEqual({ code: 2, text: expect.stringContaining(`unknown command '${args[0]}'`) });
});

test("a flag that there is none of is named, and where the flags are listed", async () => {
  expect(await mayfly("serve", "--data-dir", "x")).toEqual({
    code: 2,
    text: expect.stringMatching(/unknown option '--data-dir'\n+Add --help to see what there is\./),
  });
});
