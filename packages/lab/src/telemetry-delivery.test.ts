import { type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test, vi } from "vitest";
import { type Dropped, createTelemetryDelivery } from "./telemetry-delivery.ts";

/** A listener that answers when it is told to. */
const startListener = async (status = 200) => {
  const bodies: string[] = [];
  const unanswered: ServerResponse[] = [];
  const server = createServer((request, response) => {
    unanswered.push(response);
    void text(request).then((body) => bodies.push(body));
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => server.close().closeAllConnections());
  return {
    bodies,
    destination: { port: (server.address() as AddressInfo).port, path: "/" },
    answerOne: async () => {
      await vi.waitFor(() => expect(unanswered).not.toEqual([]), { interval: 1, timeout: 15_000 });
      unanswered.shift()?.writeHead(status).end();
    },
  };
};

const BUFFERING = { maxItems: 2, maxBytes: 1_000, timeoutMs: 3_600_000 };

test("a batch is what fills the buffer, by number or by bytes; the next waits for the answer to it", async () => {
  const { bodies, destination, answerOne } = await startListener();
  const delivery = createTelemetryDelivery({ destination, buffering: BUFFERING, onDropped: () => undefined });

  const long = JSON.stringify("x".repeat(1_000));
  for (const record of ["1", "2", long, "4"]) delivery.add(record);
  await vi.waitFor(() => expect(bodies).toEqual(["[1,2]"]));
  await answerOne();
  await vi.waitFor(() => expect(bodies).toEqual(["[1,2]", `[${long}]`]));
  delivery.close();
});

test("nothing is sent while the environment is frozen, and what came due meanwhile when it thaws", async () => {
  const { bodies, destination, answerOne } = await startListener();
  const delivery = createTelemetryDelivery({ destination, buffering: BUFFERING, onDropped: () => undefined });

  delivery.pause();
  for (const record of ["1", "2", "3"]) delivery.add(record);
  expect(bodies).toEqual([]);
  delivery.resume();
  await answerOne();
  delivery.flush();
  await answerOne();

  expect(bodies).toEqual(["[1,2]", "[3]"]);
});

test("what a slow listener leaves no room for is dropped, counted and told", async () => {
  const dropped: Dropped[] = [];
  const { bodies, destination, answerOne } = await startListener();
  const buffering = { ...BUFFERING, maxItems: 1 };
  const delivery = createTelemetryDelivery({ destination, buffering, onDropped: (one) => dropped.push(one) });

  for (let record = 1; record <= 12; record += 1) delivery.add(String(record));
  for (let batch = 1; batch <= 10; batch += 1) await answerOne();

  expect(bodies).toEqual(Array.from({ length: 10 }, (_, n) => `[${n + 1}]`));
  expect(dropped.map(({ droppedRecords, droppedBytes }) => [droppedRecords, droppedBytes])).toEqual([
    [1, 2],
    [1, 2],
  ]);
});

test("what is refused five times is dropped", async () => {
  const dropped: Dropped[] = [];
  const { bodies, destination, answerOne } = await startListener(500);
  const delivery = createTelemetryDelivery({
    destination,
    buffering: BUFFERING,
    onDropped: (one) => dropped.push(one),
  });

  delivery.add("1");
  delivery.add("2");
  for (let attempt = 1; attempt <= 5; attempt += 1) await answerOne();

  await vi.waitFor(() => expect(dropped).toMatchObject([{ droppedRecords: 2 }]));
  expect(bodies).toEqual(Array.from({ length: 5 }, () => "[1,2]"));
});
