/** The thread that writer-thread.ts starts. */
import { parentPort, workerData } from "node:worker_threads";
import { failureOf } from "../../failure.ts";
import { unpacked } from "./parcel.ts";
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

const serve = (): void => {
  // The other side bounds what is sent here.
  const unbounded = { maxWaiting: Number.POSITIVE_INFINITY, maxWaitingBytes: Number.POSITIVE_INFINITY };
  const writer = openWriter({ ...(workerData as WriterOptions), ...unbounded });
  port.on("message", (request: WriterRequest) => {
    if (request.ask === "append") {
      for (const [index, batch] of unpacked(request.parcel).entries())
        void told(request.first + index, writer.append(batch));
    } else if (request.ask === "stats") void told(request.number, writer.stats());
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
