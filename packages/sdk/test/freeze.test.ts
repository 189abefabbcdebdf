/** What Lambda does to an environment between invocations, done to a real process: SIGSTOP. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { startCollector } from "./collector.ts";

const BUDGET_MS = 400;

const FUNCTION = `
  import { createInterface } from "node:readline";
  const { observe } = await import(${JSON.stringify(new URL("../src/index.ts", import.meta.url).href)});
  const handler = observe(async () => {});
  createInterface({ input: process.stdin }).on("line", async (awsRequestId) => {
    await handler({}, { awsRequestId });
    process.stdout.write("done\\n");
  });
`;

/** A function that is frozen but while it works. */
const startFunction = (endpoint: string) => {
  const child = spawn(process.execPath, ["--input-type=module", "-e", FUNCTION], {
    stdio: ["pipe", "pipe", "inherit"],
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      MAYFLY_FLUSH_BUDGET_MS: String(BUDGET_MS),
      MAYFLY_PROBE_INTERVAL_MS: "0",
      MAYFLY_END_LINE: "off",
    },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let invocations = 0;
  return {
    get invocations() {
      return invocations;
    },
    invoke: async () => {
      child.kill("SIGCONT");
      child.stdin.write(`r-${invocations++}\n`);
      await answers.next();
      child.kill("SIGSTOP");
    },
  };
};

test.each([0, 10])(
  "a probe whose answer takes longer than the budget, while the function sleeps and works %i times, is heard",
  async (workedMeanwhile) => {
    const collector = await startCollector(503);
    const fn = startFunction(collector.url);
    await fn.invoke(); // opens the breaker
    let isAnswered = false;
    collector.answer = async () => {
      collector.answer = 200;
      await delay(BUDGET_MS * 1.5);
      isAnswered = true;
      return 200;
    };
    while (collector.paths.length < 2) await fn.invoke(); // the first begins the probe
    for (let n = 0; n < workedMeanwhile; n += 1) await fn.invoke();
    await vi.waitFor(() => expect(isAnswered).toBe(true), 5_000);
    expect(collector.paths, "one probe at a time").toHaveLength(2);

    await fn.invoke(); // hears the answer
    await fn.invoke();
    await fn.invoke();
    expect(collector.spans.map(({ attributes }) => attributes["faas.invocation_id"])).toEqual(
      Array.from({ length: fn.invocations }, (_, n) => `r-${n}`),
    );
    expect(collector.spans.at(-1)?.attributes).toMatchObject({
      "mayfly.sdk.flush_failures": 1,
      "mayfly.sdk.breaker_opened": 1,
    });
    expect(collector.spans.at(-1)?.attributes).not.toHaveProperty("mayfly.sdk.flush_timeouts");
  },
);
