/** The extension against a server that speaks Lambda's Extensions API; the whole of it, with real functions, is in test/after-response.test.ts. */
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { registerExtension } from "./extension.ts";

interface Platform {
  readonly api: string;
  /** Of each request, in order. */
  readonly asked: readonly string[];
  /** Resolves when the extension waits for its next event, and gives it one. */
  invoke(requestId: string): Promise<void>;
  /** Resolves when it has asked this many times. */
  asks(times: number): Promise<void>;
  /** Resolves when more time than the extension ever waits has passed, and what it wrote meanwhile has come. */
  quiet(): Promise<void>;
  dropConnections(): void;
}

const startPlatform = async (
  register: (response: ServerResponse) => void = (response) =>
    void response.writeHead(200, { "lambda-extension-identifier": "id-1" }).end("{}"),
): Promise<Platform> => {
  const asked: string[] = [];
  let waiting: ServerResponse | undefined;
  let noticed: (() => void)[] = [];
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await new Promise<void>((resolve) => noticed.push(resolve));
  };
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    if (request.url === "/round-trip") return void response.end();
    request.resume().once("end", () => {
      asked.push(`${request.method} ${request.url?.replace("/2020-01-01/extension", "")}`);
      if (request.url?.endsWith("/register")) register(response);
      else if (request.headers["lambda-extension-identifier"] === "id-1") waiting = response;
      for (const one of noticed.splice(0)) one();
    });
  };
  const server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    noticed = [];
  });
  const api = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const nexts = (): number => asked.filter((one) => one === "GET /event/next").length;
  return {
    api,
    asked,
    async invoke(requestId) {
      await until(() => waiting !== undefined);
      const response = waiting;
      waiting = undefined;
      response?.writeHead(200).end(JSON.stringify({ eventType: "INVOKE", requestId }));
    },
    asks: (times) => until(() => nexts() >= times),
    async quiet() {
      // Each wait may end in reading, and that in another.
      for (let step = 0; step < 5; step += 1) {
        vi.advanceTimersByTime(LONG_MS);
        await fetch(`http://${api}/round-trip`);
      }
    },
    dropConnections: () => server.closeAllConnections(),
  };
};

const LONG_MS = 200;

const advanceTime = (): void => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
};

test("it is known when the platform has the registration, answered or not", async () => {
  let answer: (() => void) | undefined;
  const platform = await startPlatform((response) => {
    answer = () => response.writeHead(200, { "lambda-extension-identifier": "id-1" }).end("{}");
  });
  const extension = registerExtension(platform.api, "test");
  await extension.sent;
  await vi.waitFor(() => expect(platform.asked).toEqual(["POST /register"]));
  expect(extension.state).toBe("registering");
  answer?.();
  await extension.registered;
  expect(extension.state).toBe("registered");
});

test("an answer that has come while the thread was blocked is in time", async () => {
  advanceTime();
  const platform = await startPlatform();
  const extension = registerExtension(platform.api, "test");
  vi.advanceTimersByTime(60_000);
  await extension.registered;
  expect(extension.state).toBe("registered");
  await platform.asks(1);
});

test("nobody waits long for an answer, and one that comes later is still one: the platform waits for whom it has registered", async () => {
  advanceTime();
  let answer: (() => void) | undefined;
  const platform = await startPlatform((response) => {
    answer = () => response.writeHead(200, { "lambda-extension-identifier": "id-1" }).end("{}");
  });
  const extension = registerExtension(platform.api, "test");
  await extension.sent;
  // Its time is spent in steps, between which the sockets are read.
  while (extension.state === "registering") {
    vi.advanceTimersByTime(LONG_MS);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await extension.registered;
  expect(extension.reason).toMatch(/no answer/);
  while (answer === undefined) await new Promise((resolve) => setImmediate(resolve));
  answer();
  await platform.asks(1);
  expect(extension.state).toBe("registered");
});

test("where there is no platform, nobody waits for it", async () => {
  const extension = registerExtension("127.0.0.1:1", "test");
  await extension.sent;
  expect(extension.state).toBe("refused");
});

test("it registers, and asks for the next event when the invocation is finished and not before", async () => {
  advanceTime();
  const platform = await startPlatform();
  const extension = registerExtension(platform.api, "test");
  await extension.registered;
  expect(extension.state).toBe("registered");
  for (const [index, id] of ["r-1", "r-2", "r-3"].entries()) {
    await platform.asks(index + 1);
    extension.begun(id);
    await platform.invoke(id);
    await platform.quiet();
    expect(platform.asked).toHaveLength(index + 2);
    extension.finished(id);
    await platform.asks(index + 2);
  }
  expect(platform.asked).toEqual(["POST /register", ...Array(4).fill("GET /event/next")]);
});

test("an invocation that nobody observes keeps the environment no longer than a moment", async () => {
  const platform = await startPlatform();
  await registerExtension(platform.api, "test").registered;
  for (const index of [1, 2, 3, 4, 5]) {
    await platform.invoke(`unobserved-${index}`);
    await platform.asks(index + 1);
  }
});

test("of several at once, the last to finish lets the environment go", async () => {
  advanceTime();
  const platform = await startPlatform();
  const extension = registerExtension(platform.api, "test");
  await extension.registered;
  extension.begun("a");
  extension.begun("b");
  await platform.invoke("a");
  extension.finished("a");
  await platform.quiet();
  expect(platform.asked).toHaveLength(2);
  extension.finished("b");
  await platform.asks(2);
});

test("a lost connection is taken up again", async () => {
  const platform = await startPlatform();
  const extension = registerExtension(platform.api, "test");
  await extension.registered;
  await platform.asks(1);
  platform.dropConnections();
  await platform.asks(2);
  await platform.invoke("r-1");
  await platform.asks(3);
  expect(extension.state).toBe("registered");
});

test.each([
  [
    "it came too late",
    (response: ServerResponse) => void response.writeHead(403).end('{"errorType":"Extension.RegistrationClosed"}'),
    /403.*RegistrationClosed/,
  ],
  ["there is no identifier", (response: ServerResponse) => void response.writeHead(200).end("{}"), /200/],
  ["the connection breaks", (response: ServerResponse) => void response.destroy(), /registration failed/],
])("refused, it says why and does nothing more: %s", async (_why, register, reason) => {
  const platform = await startPlatform(register);
  const extension = registerExtension(platform.api, "test");
  await extension.registered;
  expect(extension.state).toBe("refused");
  expect(extension.reason).toMatch(reason);
  extension.begun("r-1");
  extension.finished("r-1");
  expect(platform.asked).toEqual(["POST /register"]);
});

test("where nobody listens it is refused, and nothing is thrown", async () => {
  const extension = registerExtension("127.0.0.1:1", "test");
  await extension.registered;
  expect(extension.state).toBe("refused");
});
