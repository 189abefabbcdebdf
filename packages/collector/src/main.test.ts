import { execFileSync } from "node:child_process";
import { expect, test, vi } from "vitest";
import { main } from "./main.ts";

/** In this process: what it prints, and its exit code. */
const mayfly = async (...args: string[]) => {
  const out: string[] = [];
  const [stdout, stderr] = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, "write").mockImplementation((text) => out.push(String(text)) > 0),
  );
  const complaints = vi.spyOn(console, "error").mockImplementation((text) => void out.push(String(text)));
  try {
    return { code: await main(args), text: out.join("") };
  } finally {
    stdout?.mockRestore();
    stderr?.mockRestore();
    complaints.mockRestore();
  }
};

test("every command, and every command below it, has help", async () => {
  const withThoseBelow = async (...path: string[]): Promise<string[]> => {
    const { code, text } = await mayfly(...path, "--help");
    expect([code, text]).toEqual([0, expect.stringContaining(["Usage: mayfly", ...path].join(" "))]);
    expect(text).not.toContain("default ,");
    expect(text).not.toContain("default: []");
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

test("who asks a collector names where it is, not where one would listen", async () => {
  for (const command of [["doctor"], ["export"], ["export", "xray"], ["import"], ["import", "step-functions"]]) {
    const { text } = await mayfly(...command, "--help");
    expect(text).toMatch(/--host <address> +Host of the collector/);
    expect(text).not.toContain("listen");
  }
});

test("an import has no data folder unless one is named", async () => {
  for (const command of [["import"], ["import", "xray"], ["import", "step-functions"]]) {
    const [, meaning] =
      /--data <folder> +((?:.+\n +)*?.+)\n +--?\w/.exec((await mayfly(...command, "--help")).text) ?? [];
    expect(meaning?.replace(/\s+/g, " ")).toBe("Import into this folder of a collector that does not run.");
  }
});

test("what is no ARN of its kind is wrong usage, before anything is asked for", async () => {
  const arn = (kind: string): string => `arn:aws:states:eu-west-1:123456789012:${kind}:orders`;
  for (const [flag, value, kind] of [
    ["--execution-arn", "o-1", "execution"],
    ["--execution-arn", arn("stateMachine"), "execution"],
    ["--state-machine-arn", "orders", "stateMachine"],
  ] as const)
    expect(await mayfly("import", "step-functions", flag, value)).toEqual({
      code: 2,
      text: expect.stringContaining(`${flag} is "${value}", expected arn:aws:states:<region>:<account>:${kind}:…`),
    });
});

test("what `serve` loads does not load undici, which takes 11 MB and is for requests of one's own", () => {
  const load = ["main", "pipeline", "api/answerer", "query/summarize", "store/sqlite/keeper"].map(
    (file) => `await import(${JSON.stringify(new URL(`./${file}.ts`, import.meta.url))});`,
  );
  const script = `${load.join("")} console.log(process.moduleLoadList.filter((name) => name.includes("deps/undici/")))`;
  const flags = ["--conditions=mayfly-source", "--input-type=module", "--eval", script];
  expect(execFileSync(process.execPath, flags, { encoding: "utf8" }).trim()).toBe("[]");
});
