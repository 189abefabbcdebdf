/** A function with an internal extension in its module: it registers before the runtime asks for its first event. */
import { appendFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

const { AWS_LAMBDA_RUNTIME_API, CALLS = "[]", EXTENSION, LATE_MS, SIGTERM_FILE, WORK_URL } = process.env;
const root = `http://${AWS_LAMBDA_RUNTIME_API}/2020-01-01/extension`;
let identifier = "";

const call = async ({ method = "POST", path, headers = {}, body }) => {
  const named = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [`lambda-extension-${name}`, value.replace("$ID", identifier)]),
  );
  const answer = await fetch(root + path, { method, headers: named, ...(body !== undefined && { body }) });
  const id = answer.headers.get("lambda-extension-identifier");
  if (id) identifier = id;
  return { status: answer.status, id, body: await answer.json() };
};

const next = () => call({ method: "GET", path: "/event/next", headers: { identifier: "$ID" } });

const events = [];

/** Works after each event for as long as the answer of WORK_URL takes. */
const run = async () => {
  for (;;) {
    const { body } = await next();
    events.push(body);
    if (WORK_URL) await fetch(WORK_URL).catch(() => undefined);
  }
};

const answers = [];
for (const one of JSON.parse(CALLS)) answers.push(await call(one));

if (EXTENSION) {
  await call({ path: "/register", headers: { name: EXTENSION }, body: '{"events":["INVOKE"]}' });
  if (LATE_MS) setTimeout(() => void run(), LATE_MS);
  else void run();
}
if (process.env.EXIT) {
  process.stdout.write(`answers ${JSON.stringify(answers)}\n`);
  process.exit(1);
}

if (SIGTERM_FILE)
  process.on("SIGTERM", () => {
    appendFileSync(SIGTERM_FILE, "SIGTERM");
    if (!process.env.STAYS) process.exit(0);
  });

let invocations = 0;

export const handler = async (event, context) => {
  invocations += 1;
  for (const one of event.calls ?? []) answers.push(await call(one));
  while (events.length < (event.waitsForEvents ?? 0)) await pause(1);
  if (event.exits) process.exit(3);
  return { invocations, answers, events, context, pid: process.pid };
};
