/** One function twice in the lab, bare and observed, so that whatever differs is the SDK's doing. */
import { type Lab, type LogLine, type NodeRuntime, type Runtime, startLab } from "@mayfly/lab";
import { onTestFinished } from "vitest";

export interface SideBySide {
  readonly file: string;
  readonly handler?: string;
  readonly runtime?: NodeRuntime;
  readonly runtimeClient?: Runtime;
  readonly timeoutMs: number;
  /** Of the observed one. */
  readonly environment: Readonly<Record<string, string>>;
}

export type Which = "bare" | "observed";

export interface Seen {
  /** What the caller gets; of an error what does not depend on the run. */
  readonly body: unknown;
  readonly functionError: string | null;
  readonly outcome: string | undefined;
}

export interface Pair {
  readonly lab: Lab;
  readonly logs: readonly LogLine[];
  readonly invoke: (which: Which, event: object) => Promise<Seen>;
}

/** Files observe their handlers where OBSERVED is set. */
export const startPair = async ({ environment, runtimeClient, ...one }: SideBySide): Promise<Pair> => {
  const logs: LogLine[] = [];
  const bare = { ...one, reservedConcurrency: 1 };
  const observed = { ...bare, environment: { OBSERVED: "yes", ...environment } };
  const lab = await startLab(
    { functions: { bare, observed } },
    { onLog: (line) => logs.push(line), ...(runtimeClient && { runtimeClient }) },
  );
  onTestFinished(() => lab.close());
  return {
    lab,
    logs,
    async invoke(which, event) {
      const url = `${lab.environment["AWS_ENDPOINT_URL_LAMBDA"]}/2015-03-31/functions/${which}/invocations`;
      const response = await fetch(url, { method: "POST", body: JSON.stringify(event) });
      const body = await response.text();
      return {
        body: body.includes('"errorType"') ? errorIn(body) : body,
        functionError: response.headers.get("x-amz-function-error"),
        outcome: lab.truth.deliveries.findLast(({ functionName }) => functionName === which)?.outcome,
      };
    },
  };
};

const UUID = /[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g;

/** The handler's own frame; below it stand the frames of whoever called. */
const errorIn = (body: string): unknown => {
  const { trace = [], ...error } = JSON.parse(body.replaceAll(UUID, "<id>")) as { trace?: string[] };
  return { ...error, trace: trace.slice(0, 2) };
};
