/** The thread that writer-thread.ts starts. */
import { parentPort, workerData } from "node:worker_threads";
import { failureOf } from "../../failure.ts";
import { giveBack } from "../../give-back.ts";
import { type Parcel, unpacked } from "./parcel.ts";
import type { StoreWriter } from "../store.ts";
import { OPENED, type WriterAnswer, type WriterRequest } from "./writer-thread.ts";
import { type WriterOptions, openWriter } from "./writer.ts";

if (parentPort === null) throw new Error("this file is a thread's");
const port = parentPort;

/** Answers to one commit go in one message. */
let answers: WriterAnswer[] = [];
const answer = (one: WriterAnswer): void => {
  if (answers.length === 0)
    setImmediate(() => {
      port.postMessage(answers);
      answers = [];
    });
  answers.push(one);
};

const told = (number: number, work: Promise<WriterAnswer["value"] | void>): Promise<void> =>
  work.then(
    (value) => answer({ number, value: value ?? undefined }),
    (error: unknown) => answer({ number, failure: failureOf(error) }),
  );

/** Nobody needs its bytes when all of it is answered. */
const append = async (first: number, parcel: Parcel, writer: StoreWriter): Promise<void> => {
  const batches = unpacked(parcel);
  await Promise.all(batches.map((batch, index) => told(first + index, writer.append(batch))));
  for (const { records } of batches) giveBack(records.bytes.buffer);
  giveBack(parcel.bytes);
};

const serve = (): void => {
  // The other side bounds what is sent here.
  const unbounded = { maxWaiting: Number.POSITIVE_INFINITY, maxWaitingBytes: Number.POSITIVE_INFINITY };
  const writer = openWriter({ ...(workerData as WriterOptions), ...unbounded });
  port.on("message", (request: WriterRequest) => {
    if (request.ask === "append") void append(request.first, request.parcel, writer);
    else if (request.ask === "stats") void told(request.number, writer.stats());
    else if (request.ask === "checkWritable") void told(request.number, writer.checkWritable());
    else void told(request.number, writer.close()).then(() => setImmediate(() => port.close()));
  });
  answer({ number: OPENED });
};

try {
  serve();
} catch (error) {
  answer({ number: OPENED, failure: failureOf(error) });
}
