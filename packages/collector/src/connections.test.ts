/** Senders that dawdle, say nothing, talk nonsense or are too many, over raw sockets; short times stand for the real ones. */
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type ConnectionLimits, timesToArrive } from "./connections.ts";
import { SECURITY_HEADERS } from "./guard/headers.ts";
import { type Keyed, openKeyed } from "../test/keyed.ts";

let keyed: Keyed | undefined;
let sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  await keyed?.close();
  keyed = undefined;
});

/** Short enough to be waited for, and far enough apart that none is taken for another. */
const SHORT = { headersMs: 100, requestMs: 300, checkEveryMs: 20 };
const LONG = 60_000;

const listening = async (limits: Partial<ConnectionLimits> = SHORT, uiDir?: string): Promise<Keyed> => {
  keyed = await openKeyed({ server: limits, ...(uiDir !== undefined && { uiDir }) });
  await keyed.app.listen({ host: "127.0.0.1", port: 0 });
  return keyed;
};

const connected = async ({ app }: Pick<Keyed, "app">): Promise<Socket> => {
  const socket = connect((app.server.address() as AddressInfo).port, "127.0.0.1");
  sockets.push(socket);
  await once(socket, "connect");
  return socket;
};

/** All that comes until the other side closes; one that writes meanwhile may be told so by an error. */
const answerOn = async (socket: Socket): Promise<string> => {
  let answer = "";
  socket.on("data", (chunk) => (answer += String(chunk))).on("error", () => {});
  await new Promise((resolve) => socket.once("close", resolve));
  return answer;
};

/** Sends a byte of `bytes` whenever the other side has taken the one before, for as long as it is listened to. */
const trickle = (socket: Socket, bytes: string): void => {
  let sent = -1;
  const timer = setInterval(() => socket.write(bytes[(sent += 1) % bytes.length] ?? "x"), 5);
  socket.on("close", () => clearInterval(timer)).on("error", () => {});
};

const refusals = async ({ app, keys }: Keyed): Promise<Record<string, number>> => {
  const answer = await app.inject({ url: "/api/stats", headers: { "x-mayfly-key": keys.read.key } });
  return answer.json<{ refusedRequests: Record<string, number> }>().refusedRequests;
};

const post = ({ keys }: Keyed, ...more: string[]): string =>
  [
    "POST /v1/traces HTTP/1.1",
    "Host: localhost",
    `x-mayfly-key: ${keys.ingest.key}`,
    "Content-Type: application/json",
    ...more,
    "",
    "",
  ].join("\r\n");

test("headers that trickle in are answered with 408, and counted", async () => {
  const server = await listening({ ...SHORT, requestMs: LONG });
  const socket = await connected(server);
  socket.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
  trickle(socket, "z");
  const answer = await answerOn(socket);
  expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
  expect(answer.split("\r\n\r\n")[1]).toContain('"code":"request-timeout"');
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) expect(answer).toContain(`\r\n${name}: ${value}\r\n`);
  expect(await refusals(server)).toEqual({ "request-timeout": 1 });
});

test("a connection that sends nothing is closed", async () => {
  const server = await listening({ ...SHORT, requestMs: LONG });
  const socket = await connected(server);
  expect(await answerOn(socket)).toMatch(/^HTTP\/1\.1 408 /);
  expect(await refusals(server)).toEqual({ "request-timeout": 1 });
});

test.each([
  ["of an announced length", "Content-Length: 100000", " "],
  ["in chunks", "Transfer-Encoding: chunked", "1\r\n \r\n"],
])("a body that trickles in %s is closed, and nothing of it is held", async (_, header, bytes) => {
  const server = await listening();
  const socket = await connected(server);
  socket.write(post(server, header));
  trickle(socket, bytes);
  await answerOn(socket);
  const { app } = server;
  await expect.poll(async () => (await app.inject({ url: "/readyz" })).statusCode).toBe(200);
  expect(Object.keys(await refusals(server))).toEqual(expect.arrayContaining(["request-timeout"]));
});

test("a sender that is refused may not go on sending for ever either", async () => {
  const server = await listening();
  const socket = await connected(server);
  socket.write(
    "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n",
  );
  trickle(socket, " ");
  expect(await answerOn(socket)).toMatch(/^HTTP\/1\.1 401 /);
});

test("between requests a connection is idle for a while, and no longer", async () => {
  const server = await listening({ idleMs: 50, checkEveryMs: 20 });
  const socket = await connected(server);
  socket.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  expect(await answerOn(socket)).toMatch(/^HTTP\/1\.1 200 /);
});

test("a reader that does not read is let go", async () => {
  const uiDir = await mkdtemp(join(tmpdir(), "mayfly-large-"));
  await mkdir(join(uiDir, "assets"));
  await writeFile(join(uiDir, "index.html"), "");
  await writeFile(join(uiDir, "assets", "large.js"), Buffer.alloc(64 * 1024 * 1024));
  const { app } = await listening({ stalledMs: 100 }, uiDir);
  const socket = await connected({ app });
  const served = once(app.server, "request") as Promise<[IncomingMessage]>;
  socket.pause().write("GET /assets/large.js HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const [request] = await served;
  await once(request.socket, "close");
  await rm(uiDir, { recursive: true });
});

test("what is no HTTP is answered with 400 and counted", async () => {
  const server = await listening({});
  const socket = await connected(server);
  socket.write("\u0016\u0003\u0001\u0002\u0000 this is TLS\r\n\r\n");
  expect(await answerOn(socket)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  expect(await refusals(server)).toEqual({ "bad-request": 1 });
});

test("two lengths, a length beside chunks, or a broken chunk are refused: nobody hides a request in another", async () => {
  for (const headers of [
    ["Content-Length: 2", "Content-Length: 3"],
    ["Content-Length: 2", "Transfer-Encoding: chunked"],
    ["Transfer-Encoding: chunked", "Transfer-Encoding: gzip"],
  ]) {
    const server = keyed ?? (await listening({}));
    const socket = await connected(server);
    socket.write(`${post(server, ...headers)}{}`);
    expect(await answerOn(socket)).toMatch(/^HTTP\/1\.1 400 /);
  }
});

test("headers larger than the bound are answered with 431", async () => {
  const server = await listening({ maxHeaderBytes: 8192 });
  const socket = await connected(server);
  socket.write(`GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Large: ${"x".repeat(9000)}\r\n\r\n`);
  expect(await answerOn(socket)).toMatch(/^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/);
  expect(await refusals(server)).toEqual({ "headers-too-large": 1 });
});

test("connections beyond the bound are closed and counted, and idle ones make room", async () => {
  const server = await listening({ maxConnections: 3 });
  const idle = await connected(server);
  idle.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await once(idle, "data");
  const idleClosed = once(idle, "close");
  const busy = await Promise.all([connected(server), connected(server)]);
  for (const socket of busy) socket.write("GET /healthz HTTP/1.1\r\n");
  const dropped = await connected(server);
  await once(dropped, "close");
  await idleClosed;
  const next = await connected(server);
  next.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  expect(await answerOn(next)).toMatch(/^HTTP\/1\.1 200 /);
  expect(await refusals(server)).toEqual({ "too-many-connections": 1 });
});

test.each([1_000, 2_000, 60_000, 7 * 86_400_000])(
  "a server starts with %i ms for a request, of which headers have a third",
  async (ms) => {
    const { app } = await listening(timesToArrive(ms));
    expect(app.server.headersTimeout).toBe(Math.ceil(ms / 3));
    expect(app.server.requestTimeout).toBe(ms);
  },
);

test("a hundred slow senders take no room from the others, and leave nothing behind", async () => {
  const server = await listening({ ...SHORT, headersMs: LONG, requestMs: LONG });
  const { app, keys } = server;
  const slow = await Promise.all(Array.from({ length: 100 }, () => connected(server)));
  for (const socket of slow) socket.write(`${post(server, "Content-Length: 60000000")}{`);
  const sent = await app.inject({
    method: "POST",
    url: "/v1/traces",
    headers: { "content-type": "application/json", "x-mayfly-key": keys.ingest.key },
    payload: "{}",
  });
  expect(sent.statusCode).toBe(200);
  // What they announced is not taken, only what they sent.
  const metrics = () => app.inject({ url: "/metrics", headers: { "x-mayfly-key": keys.read.key } });
  const heldBytes = async () => Number(/^mayfly_\w*inflight_bytes (\d+)/m.exec((await metrics()).body)?.[1]);
  await expect.poll(heldBytes).toBe(100);
  for (const socket of slow) socket.destroy();
  await expect.poll(heldBytes).toBe(0);
});
