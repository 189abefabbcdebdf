/** A function whose internal extension subscribes to telemetry and listens for it; it answers with what came so far. */
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

const { AWS_LAMBDA_RUNTIME_API: api, BODY, BUFFERING = '{"timeoutMs":25}', FILE, REFUSALS = "0", SCHEMA } = process.env;

const batches = [];
let refusals = Number(REFUSALS);
const take = async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  batches.push({ path: request.url, isTaken: refusals === 0, records: JSON.parse(body) });
  response.writeHead(refusals > 0 ? 500 : 200).end();
  if (refusals > 0) refusals -= 1;
};
const server = createServer((request, response) => void take(request, response));
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

const registered = await fetch(`http://${api}/2020-01-01/extension/register`, {
  method: "POST",
  headers: { "lambda-extension-name": "listener" },
  body: '{"events":["INVOKE"]}',
});
const identifier = registered.headers.get("lambda-extension-identifier");

const subscribe = async (body, id = identifier) => {
  const headers = { "content-type": "application/json", ...(id && { "lambda-extension-identifier": id }) };
  const answer = await fetch(`http://${api}/2022-07-01/telemetry`, { method: "PUT", headers, body });
  return { status: answer.status, body: await answer.json() };
};

const destination = { protocol: "HTTP", URI: `http://sandbox.localdomain:${server.address().port}/telemetry?a=b` };
const types = ["platform", "function", "extension"];
const body = { schemaVersion: SCHEMA ?? "2022-12-13", types, buffering: JSON.parse(BUFFERING), destination };
console.log("before the subscription");
const subscribed = await subscribe(BODY ?? JSON.stringify(body));

const next = async () => {
  for (;;) {
    const headers = { "lambda-extension-identifier": identifier };
    await (await fetch(`http://${api}/2020-01-01/extension/event/next`, { headers })).json();
  }
};
void next();

const records = () => batches.filter(({ isTaken }) => isTaken).flatMap((batch) => batch.records);
const arrived = async (type) => {
  while (!records().some((record) => record.type === type)) await pause(1);
};

const leave = async () => {
  await arrived("platform.report");
  writeFileSync(FILE, JSON.stringify(records()));
  process.exit(0);
};
process.on("SIGTERM", () => void leave());

export const handler = async ({ print = [], waitsFor, again, hangs }) => {
  for (const line of print) process.stdout.write(`${line}\n`);
  if (hangs) await new Promise(() => setInterval(() => undefined, 1_000));
  if (waitsFor) await arrived(waitsFor);
  return { subscribed, batches, ...(again && { again: await subscribe(again.body, again.id) }) };
};
