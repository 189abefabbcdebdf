/**
 * `mayfly conformance --url U`: our OTLP cases against any endpoint. It sends some hundred small requests, one after the
 * other, whose data says service.name=mayfly-conformance.
 */
import { Command, Option } from "commander";
import { ConfigError } from "../errors.ts";
import { VERSION } from "../version.ts";
import { type Signal, SIGNALS } from "./conformance/records.ts";
import { isBroken, resultLine, runCases, summaryLine } from "./conformance/report.ts";

interface ConformanceDeps {
  readonly print: (line: string) => void;
  readonly fail: () => void;
}

interface ConformanceFlags {
  readonly url: string;
  readonly header: Readonly<Record<string, string>>;
  readonly signal: readonly Signal[];
  readonly timeoutMs: number;
  readonly json?: boolean;
}

const TIMEOUT_MS = 10_000;

const HELP = `
Exit code 1 when a case that the specification demands (must) fails, or nothing listens there. Names and expectations: docs/reference/conformance.md.`;

export const conformanceCommand = ({ print, fail }: ConformanceDeps): Command =>
  new Command("conformance")
    .description("try any OTLP/HTTP endpoint against the specification")
    .addOption(new Option("--url <url>", "The endpoint, without /v1/traces.").makeOptionMandatory().argParser(parseUrl))
    .addOption(
      new Option("--header <name=value>", "A header of every request, such as a key; may be repeated.")
        .default({}, "none")
        .argParser(addHeader),
    )
    .addOption(
      new Option("--signal <signals>", "Of traces, logs and metrics, separated by commas.")
        .default(SIGNALS, "all")
        .argParser(parseSignals),
    )
    .addOption(
      new Option("--timeout-ms <number>", "How long an answer may take.").default(TIMEOUT_MS).argParser(parseTimeout),
    )
    .option("--json", "Print one JSON object.")
    .addHelpText("after", HELP)
    .action(async ({ url, header, signal, timeoutMs, json }: ConformanceFlags) => {
      const headers = { "user-agent": `mayfly-conformance/${VERSION}`, ...header };
      const { createProbe } = await import("./conformance/probe.ts"); // its node:http loads undici, into `serve` as well
      const probe = createProbe({ url, headers, timeoutMs });
      try {
        const results = await runCases(probe, signal, (result) => json || print(resultLine(result)));
        print(json ? JSON.stringify({ url, version: VERSION, isBroken: isBroken(results), results }) : "");
        if (!json) print(summaryLine(results));
        if (isBroken(results)) fail();
      } finally {
        probe.close();
      }
    });

const wrong = (flag: string, text: string, expected: string): ConfigError =>
  new ConfigError("config-invalid", `${flag} is "${text}", expected ${expected}`);

const parseUrl = (text: string): string => {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) throw wrong("--url", text, "an http or https address");
  return text;
};

const addHeader = (text: string, given: ConformanceFlags["header"]): ConformanceFlags["header"] => {
  const [, name, value] = /^([\w!#$%&'*+.^`|~-]+)=([^\r\n]*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw wrong("--header", text, "name=value");
  return { ...given, [name.toLowerCase()]: value };
};

const parseSignals = (text: string): readonly Signal[] => {
  const names = text.split(",").map((name) => name.trim());
  const signals = SIGNALS.filter((signal) => names.includes(signal));
  if (signals.length !== names.length) throw wrong("--signal", text, `some of ${SIGNALS.join(",")}`);
  return signals;
};

const parseTimeout = (text: string): number => {
  const ms = Number(text);
  if (!Number.isInteger(ms) || ms < 1) throw wrong("--timeout-ms", text, "a whole number of milliseconds");
  return ms;
};
