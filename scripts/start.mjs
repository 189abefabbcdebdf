/**
 * The collector, and the example shop sending to it, until Ctrl-C.
 *
 *   node scripts/start.mjs [--port 4318] [--data ./mayfly-data] [--rate 30] [--no-demo]
 *
 * The address is printed when there is something to see: with the first stitched trace, or, without the shop, as soon as
 * the collector listens.
 */
import { spawn } from "node:child_process";
import { resolve as resolvePath } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const USAGE = `usage: npm start -- [flags]

  --port N      port of the collector (default 4318; 0 takes a free one)
  --data DIR    folder of its data (default ./mayfly-data)
  --rate N      orders per minute of the example shop (default 30)
  --no-demo     the collector alone
  --help        this text`;

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

const flags = () => {
  try {
    const options = {
      port: { type: "string" },
      data: { type: "string" },
      rate: { type: "string", default: "30" },
      "no-demo": { type: "boolean" },
      help: { type: "boolean" },
    };
    return parseArgs({ options }).values;
  } catch (error) {
    console.error(`${error.message}\n\n${USAGE}`);
    process.exit(2);
  }
};

const { port, data, rate, "no-demo": noDemo, help } = flags();
/** Said here, because the flag is ours and not the shop's own. */
if (!(Number(rate) >= 1 && Number(rate) <= 600)) {
  console.error(`--rate is ${JSON.stringify(rate)}, expected 1 to 600 orders per minute\n\n${USAGE}`);
  process.exit(2);
}
if (help) {
  console.log(USAGE);
  process.exit(0);
}

/** npm runs scripts in the repository's root, wherever it was called. */
const callersFolder = process.env.INIT_CWD ?? process.cwd();

const children = [];
let isStopping = false;

/** Stops the shop before the collector, so that its last spans find somebody. */
const stop = async (code) => {
  if (isStopping) return;
  isStopping = true;
  for (const child of children.toReversed()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
  }
  process.exit(code);
};
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => void stop(0));

/** A child in a group of its own: Ctrl-C reaches this script alone, which then stops them in order. */
const start = (name, args) => {
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"], detached: true });
  children.push(child);
  child.once("exit", (code) => {
    if (isStopping) return;
    console.error(`${name} ended with exit code ${code}`);
    void stop(code === 0 ? 1 : (code ?? 1));
  });
  child.stdout.setEncoding("utf8");
  return child;
};

/** The first match in what the child prints. */
const printed = (child, pattern) =>
  new Promise((resolve) => {
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk;
      const match = pattern.exec(text);
      if (match) resolve(match[1]);
    });
  });

const dataDir = data === undefined ? undefined : resolvePath(callersFolder, data);
/** For a hint that is copied into a shell (packages/collector/src/shell-word.ts). */
const shellWord = (text) => (/^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`);
const dataFlag = dataDir === undefined ? "" : ` --data ${shellWord(dataDir)}`;
const serveFlags = [
  ...(port === undefined ? [] : ["--port", port]),
  ...(dataDir === undefined ? [] : ["--data", dataDir]),
];
const collector = start("the collector", [at("packages/collector/bin/mayfly.mjs"), "serve", ...serveFlags]);
const url = await printed(collector, /(http:\/\/\S+)/);

const announce = (what) => console.log(`\n  ${what}\n\n    ${url}\n\n  Ctrl-C stops it.\n`);

/** Of this run: the data of an earlier one may be there. */
const startedAt = `${Date.now()}000000`;
const hasTrace = async () => {
  const answer = await fetch(`${url}/api/traces?limit=1&function=ship&from=${startedAt}`);
  return answer.ok && (await answer.json()).traces.length > 0;
};

/** The folder's collector wants API keys, of which the shop has none: it would send for nothing. */
const needsKey = (await fetch(`${url}/api/stats`)).status === 401;

if (noDemo) announce("Mayfly listens; send OTLP to this address and open it:");
else if (needsKey)
  announce(
    `Mayfly listens. Its data has API keys, so the example shop is left out. Sign in with a key (npx mayfly keys create --name you --scope read${dataFlag}) at:`,
  );
else {
  const shop = start("the shop", [at("examples/shop/dist/main.js"), "--collector", url, "--rate", rate]);
  const orders = await printed(shop, /(http:\/\/\S+)/);
  console.log(`The example shop takes orders on ${orders}; waiting for the first one to come through …`);
  while (!isStopping && !(await hasTrace().catch(() => false)))
    await new Promise((resolve) => setTimeout(resolve, 200));
  if (!isStopping) announce("Orders are coming through. Open:");
}
