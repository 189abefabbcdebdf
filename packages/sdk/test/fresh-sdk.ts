/**
 * The SDK as a cold start finds it: its environment as given, its modules and its one state new. What it writes on stdout and
 * stderr is kept instead.
 */
import { onTestFinished, vi } from "vitest";
import type * as Index from "../src/index.ts";
import type { Sdk } from "../src/sdk.ts";

type Exports = typeof Index;

export interface FreshSdk extends Exports {
  readonly state: () => Sdk;
  /** Log lines, parsed. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  readonly warnings: readonly string[];
  /** The same package once more, as when a layer and a bundle both bring it. */
  readonly secondCopy: () => Promise<Exports>;
}

const KEY = Symbol.for("mayfly.sdk.v1");
/** More than a collector of these tests ever needs, on a machine however busy. */
export const AMPLE_BUDGET = { MAYFLY_FLUSH_BUDGET_MS: "20000" };

const OTEL_KEY = Symbol.for("opentelemetry.js.api.1");

export const freshSdk = async (env: Readonly<Record<string, string>> = {}): Promise<FreshSdk> => {
  const warnings: string[] = [];
  const lines: Record<string, unknown>[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((line) => {
    lines.push(JSON.parse(String(line)) as Record<string, unknown>);
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    warnings.push(String(text));
    return true;
  });
  const monitors = process.listeners("uncaughtExceptionMonitor");
  onTestFinished(() => {
    for (const one of process.listeners("uncaughtExceptionMonitor"))
      if (!monitors.includes(one)) process.removeListener("uncaughtExceptionMonitor", one);
    sdk().outgoing?.();
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });
  for (const [name, value] of Object.entries({ AWS_LAMBDA_FUNCTION_NAME: "checkout", AWS_REGION: "eu-west-1", ...env }))
    vi.stubEnv(name, value);
  vi.resetModules();
  const globals = globalThis as { [KEY]?: Sdk; [OTEL_KEY]?: unknown };
  delete globals[KEY];
  delete globals[OTEL_KEY];
  // The process of a test run may be older than a cold start can be.
  vi.spyOn(performance, "timeOrigin", "get").mockReturnValue(Date.now());
  const exports = await import("../src/index.ts");
  const { sdk } = await import("../src/sdk.ts");
  const secondCopy = async (): Promise<Exports> => {
    vi.resetModules();
    return import("../src/index.ts");
  };
  return { ...exports, state: sdk, lines, warnings, secondCopy };
};

/** What Lambda hands to a handler beside the event. */
export const lambdaContext = (requestId = "r-1", remainingMs = 60_000) => ({
  awsRequestId: requestId,
  functionName: "checkout",
  invokedFunctionArn: "arn:aws:lambda:eu-west-1:111122223333:function:checkout",
  getRemainingTimeInMillis: () => remainingMs,
});
