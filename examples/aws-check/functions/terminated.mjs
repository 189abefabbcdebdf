/** Says how long it lives on after SIGTERM, which it gets because an extension is registered. The end is brought about by main.ts. */
import { register } from "./extension.mjs";

await register("aws-check-terminated");

const say = (ms) => {
  const seen = { awsCheck: "received", hop: process.env.HOP, requestId: "none", event: { ms }, clientContext: null };
  const platform = {
    xRayTraceId: null,
    traceHeader: null,
    initializationType: process.env.AWS_LAMBDA_INITIALIZATION_TYPE,
  };
  process.stdout.write(`${JSON.stringify({ ...seen, ...platform })}\n`);
};

process.on("SIGTERM", () => {
  const startedMs = performance.now();
  say(0);
  setInterval(() => say(performance.now() - startedMs), 50);
});

export const handler = async () => "waits for its end";
