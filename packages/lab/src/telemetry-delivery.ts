/**
 * Records on their way to one subscriber: buffered, then sent as JSON arrays, one POST after another.
 *
 *   add ──▶ buffer ──maxItems, maxBytes or timeoutMs──▶ batches (at most 10) ──▶ POST ──2xx──▶ done
 *                                                          │ full: dropped         └─ else again later, five times in all
 *
 * Only while the environment runs. Its time goes on while it is frozen, so that what has come due meanwhile is sent when it thaws.
 * What is dropped is counted and told by `platform.logsDropped`. How often and when Lambda tries again is not documented (assumed).
 */
import { request } from "node:http";
import { performance } from "node:perf_hooks";
import type { Buffering, Destination } from "./telemetry-subscription.ts";

export interface TelemetryDelivery {
  /** One record, as JSON. */
  add(record: string): void;
  /** Sends what is there without waiting for more. */
  flush(): void;
  pause(): void;
  resume(): void;
  close(): void;
}

export interface TelemetryDeliveryDeps {
  readonly destination: Destination;
  readonly buffering: Buffering;
  readonly onDropped: (dropped: Dropped) => void;
}

export interface Dropped {
  readonly reason: string;
  readonly droppedRecords: number;
  readonly droppedBytes: number;
}

interface Batch {
  readonly records: readonly string[];
  readonly bytes: number;
  attempts: number;
}

const MAX_BATCHES = 10;
const MAX_ATTEMPTS = 5;
const FIRST_RETRY_MS = 100;

export const createTelemetryDelivery = ({
  destination,
  buffering,
  onDropped,
}: TelemetryDeliveryDeps): TelemetryDelivery => {
  let records: string[] = [];
  let bytes = 0;
  /** By `performance.now()`; of the buffer, and of the first batch. */
  let dueAtMs = Infinity;
  let retryAtMs = 0;
  let timer: NodeJS.Timeout | undefined;
  const batches: Batch[] = [];
  let isRunning = true;
  let isSending = false;

  const drop = (batch: Batch, reason: string): void =>
    onDropped({ reason, droppedRecords: batch.records.length, droppedBytes: batch.bytes });

  const cut = (): void => {
    if (records.length === 0) return;
    const batch: Batch = { records, bytes, attempts: 0 };
    records = [];
    bytes = 0;
    dueAtMs = Infinity;
    if (batches.length < MAX_BATCHES) batches.push(batch);
    else drop(batch, "the consumer is slower than the records come");
  };

  /** Does what is due, and comes again when the next thing is. */
  const work = (): void => {
    clearTimeout(timer);
    if (!isRunning) return;
    if (performance.now() >= dueAtMs) cut();
    const isFirstDue = batches.length > 0 && performance.now() >= retryAtMs;
    if (isFirstDue && !isSending) void send();
    const nextMs = Math.min(dueAtMs, batches.length > 0 && !isSending ? retryAtMs : Infinity);
    if (nextMs !== Infinity) timer = setTimeout(work, Math.max(0, nextMs - performance.now()));
  };

  const send = async (): Promise<void> => {
    const [batch] = batches;
    if (!batch) return;
    isSending = true;
    batch.attempts += 1;
    const isTaken = await post(destination, `[${batch.records.join(",")}]`);
    isSending = false;
    retryAtMs = isTaken ? 0 : performance.now() + FIRST_RETRY_MS * 2 ** (batch.attempts - 1);
    if (isTaken || batch.attempts === MAX_ATTEMPTS) batches.shift();
    if (!isTaken && batch.attempts === MAX_ATTEMPTS) drop(batch, "the consumer did not take them");
    work();
  };

  return {
    add(record) {
      if (records.length === 0) dueAtMs = performance.now() + buffering.timeoutMs;
      records.push(record);
      bytes += Buffer.byteLength(record);
      if (records.length >= buffering.maxItems || bytes >= buffering.maxBytes) cut();
      work();
    },
    flush() {
      cut();
      work();
    },
    pause() {
      isRunning = false;
      clearTimeout(timer);
    },
    resume() {
      isRunning = true;
      work();
    },
    close() {
      isRunning = false;
      clearTimeout(timer);
      batches.length = 0;
    },
  };
};

/** Without a time limit: the other end may be frozen before it answers. */
const post = ({ port, path }: Destination, body: string): Promise<boolean> =>
  new Promise((resolve) => {
    const headers = { "content-type": "application/json" };
    const sent = request({ host: "127.0.0.1", port, path, method: "POST", agent: false, headers });
    sent.on("error", () => resolve(false));
    sent.on("response", (response) => {
      const { statusCode = 0 } = response;
      response.on("error", () => resolve(false)).on("end", () => resolve(statusCode >= 200 && statusCode < 300));
      response.resume();
    });
    sent.end(body);
  });
