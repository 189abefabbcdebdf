/** What Lambda itself does: extensions, forms of handlers, freezing, reports. */
import type { Check } from "../checks.ts";
import { type Finding, at, holds, parsed, receivedBy, sentBy, unknown } from "../looking.ts";
import type { Answer, Observations } from "../observations.ts";

const answered = (
  { answers }: Observations,
  name: string,
  judge: (body: unknown, last: Answer, all: readonly Answer[]) => Finding,
): Finding => {
  const all = answers[name] ?? [];
  const last = all.at(-1);
  return last === undefined ? unknown(`${name} was not invoked`) : judge(parsed(last.body), last, all);
};

/** A millisecond that was rounded up is billed. */
const isBilled = (billedMs: number, ms: number): boolean =>
  billedMs === Math.ceil(ms) || billedMs === Math.ceil(ms - 0.005);

/** After the response, functions/after-response.mjs. */
const WORK_MS = 1_000;

const registration = (name: string, isTaken: boolean) => (seen: Observations) =>
  answered(seen, name, (body, last) => {
    const status = at(body, "status");
    return typeof status === "number" ? holds((status === 200) === isTaken, body) : unknown(last.body);
  });

const marks = ["aws.lambda.runtime.handler.streaming", "aws.lambda.runtime.handler.streaming.highWaterMark"];

export const platform = {
  "extension-preloaded": {
    claim: "An internal extension may register from a module that NODE_OPTIONS preloads.",
    known: "assumed",
    judge: registration("RacePreload", true),
  },
  "extension-awaited": {
    claim: "An internal extension may register from an ES module's handler that awaits it while it loads.",
    known: "assumed",
    judge: registration("RaceAwait", true),
  },
  "extension-not-awaited": {
    claim: "A CommonJS handler that registers while it loads is too late, and refused.",
    known: "assumed",
    judge: registration("RaceRequire", false),
  },
  "extension-works-after-response": {
    claim: "What an internal extension does after the response is billed, and the caller does not wait for it.",
    known: "documented",
    judge: (seen) => {
      const sent = sentBy(seen, "after-response");
      const report = seen.reports.find(({ requestId }) => requestId === sent?.ids[0]);
      if (sent?.waitedMs === undefined || report === undefined) return unknown("no answer, or no report of it");
      const isSo = sent.waitedMs < WORK_MS && report.durationMs >= WORK_MS;
      return holds(isSo, { waitedMs: sent.waitedMs, durationMs: report.durationMs });
    },
  },
  "sigterm-with-extension": {
    claim: "Where an extension is registered, the runtime gets SIGTERM at its end, and lives on for 200 ms and more.",
    known: "documented",
    judge: (seen) => {
      const ms = receivedBy(seen, "sigterm").map(({ event }) => Number(event["ms"]));
      // Lambda ends an environment when it likes; there is no word for "never".
      return ms.length === 0 ? unknown("no environment was ended yet") : holds(Math.max(...ms) >= 200, ms);
    },
  },
  "wrapper-names-handler": {
    claim: "A wrapper script may set `_HANDLER` to another handler, by an absolute path.",
    known: "assumed",
    judge: (seen) => answered(seen, "Wrapped", (body) => holds(at(body, "isWrapped") === true, body)),
  },
  "runtime-file": {
    claim: "`process.argv[1]` is the runtime's own file, below `/var/runtime`.",
    known: "assumed",
    judge: (seen) =>
      answered(seen, "Wrapped", (body) => {
        const file = at(body, "runtimeFile");
        return holds(typeof file === "string" && file.startsWith("/var/runtime/"), body);
      }),
  },
  "layer-modules": {
    claim: "`/opt/nodejs/node_modules` is on `NODE_PATH`.",
    known: "documented",
    judge: (seen) =>
      answered(seen, "Wrapped", (body) =>
        holds(String(at(body, "nodePath")).split(":").includes("/opt/nodejs/node_modules"), body),
      ),
  },
  "callback-refused": {
    claim: "Node.js 24 refuses a handler with three parameters: `Runtime.CallbackHandlerDeprecated`.",
    known: "documented",
    judge: (seen) =>
      answered(seen, "Callback", (body, { functionError }) =>
        holds(functionError !== undefined && at(body, "errorType") === "Runtime.CallbackHandlerDeprecated", body),
      ),
  },
  "callback-taken": {
    claim: "Node.js 22 takes it.",
    known: "documented",
    judge: (seen) => answered(seen, "Callback22", (body, { body: text }) => holds(body === "called back", text)),
  },
  "streaming-symbols": {
    claim: "`streamifyResponse` marks a handler with two symbols of its own, in the global registry.",
    known: "assumed",
    judge: (seen) =>
      answered(seen, "Marks", (body) => {
        const symbols = at(body, "symbols");
        const names = Array.isArray(symbols) ? symbols.map((one: unknown) => at(one, 0)) : [];
        return holds(names.length === marks.length && marks.every((mark) => names.includes(mark)), body);
      }),
  },
  "streaming-url": {
    claim: "A streaming handler answers by function URL, and what it wrote arrives whole.",
    known: "documented",
    judge: (seen) =>
      answered(seen, "StreamingUrl", (_body, { status, body }) => holds(status === 200 && body === "one two", body)),
  },
  "frozen-between-invocations": {
    claim: "Between invocations an environment is frozen: its timers do not run.",
    known: "documented",
    judge: (seen) =>
      answered(seen, "Ticking", (body, _last, all) => {
        const ticks = at(body, "ticks");
        const environments = new Set(all.map((one) => at(parsed(one.body), "environment")));
        if (all.length < 2 || environments.size > 1 || typeof ticks !== "number")
          return unknown("one environment was not invoked twice");
        // It was left alone for five seconds, which is fifty ticks.
        return holds(ticks < 25, `${ticks} ticks`);
      }),
  },
  "report-fields": {
    claim: "A REPORT line has request id, duration, billed duration and, of a cold start, init duration.",
    known: "documented",
    judge: ({ reports }) => {
      if (reports.length === 0) return unknown("no REPORT line");
      const cold = reports.filter(({ initMs }) => initMs !== undefined);
      return holds(cold.length > 0, cold[0]?.line ?? reports[0]?.line);
    },
  },
  "report-bills-init": {
    claim: "A cold start is billed for the sum of init and duration, rounded up once.",
    known: "documented",
    judge: ({ reports }) => {
      const cold = reports.filter(({ initMs, line }) => initMs !== undefined && !/Status:/.test(line));
      if (cold.length === 0) return unknown("no REPORT line of a cold start");
      const others = cold.filter((one) => !isBilled(one.billedMs, one.durationMs + (one.initMs ?? 0)));
      return holds(others.length === 0, (others[0] ?? cold[0])?.line);
    },
  },
  "initialization-type": {
    claim: "`AWS_LAMBDA_INITIALIZATION_TYPE` says `on-demand`.",
    known: "documented",
    judge: ({ received }) => {
      if (received.length === 0) return unknown("no function was invoked");
      const types = [...new Set(received.map(({ initializationType }) => initializationType))];
      return holds(types.length === 1 && types[0] === "on-demand", types);
    },
  },
} as const satisfies Readonly<Record<string, Check>>;
