/**
 * The Telemetry API of one environment: extensions subscribe during init, and get what the platform and the function say.
 *
 * A record that came before a subscription is delivered too, since an environment's first records are older than anybody in it. That an
 * internal extension may subscribe is assumed; nothing documented forbids it.
 *
 * Source  Lambda's Telemetry API: path 2022-07-01, schemas up to 2025-01-29; TCP destinations are not modelled.
 */
import type { Api, ApiCall } from "./environment-api.ts";
import type { RegisteredExtension } from "./extensions-api.ts";
import { type TelemetryDelivery, createTelemetryDelivery } from "./telemetry-delivery.ts";
import { type TelemetrySubscription, parseSubscription } from "./telemetry-subscription.ts";

export interface TelemetryApiDeps {
  /** Refuses the call where it is nobody's. */
  readonly callerOf: (call: ApiCall) => RegisteredExtension | undefined;
  /** The function logs JSON: newer schemas give such a line as an object. */
  readonly isJsonLog: () => boolean;
}

export interface TelemetryApi {
  readonly serve: Api;
  readonly platform: (type: `platform.${string}`, record: object) => void;
  /** A line that the function, or an extension inside it, has printed. */
  line(text: string): void;
  /** Init is over: nobody may subscribe any more. */
  closeSubscription(): void;
  pause(): void;
  resume(): void;
  /** The environment ends: what is there goes out now. */
  flush(): void;
  close(): void;
}

interface Subscriber extends TelemetrySubscription {
  readonly delivery: TelemetryDelivery;
}

interface TelemetryRecord {
  readonly time: string;
  readonly type: string;
  readonly record: unknown;
}

const PATH = "/2022-07-01/telemetry";
const ALWAYS_TEXT = "2022-07-01";
const MAX_EARLIER = 10_000;

export const createTelemetryApi = ({ callerOf, isJsonLog }: TelemetryApiDeps): TelemetryApi => {
  const subscribers = new Map<string, Subscriber>();
  /** Of the init, its first ones; emptied when it is over. */
  let earlier: TelemetryRecord[] = [];
  let droppedEarlier = { reason: "too many records before the subscription", droppedRecords: 0, droppedBytes: 0 };
  let isOpen = true;

  const subscribe = (call: ApiCall): void => {
    const extension = callerOf(call);
    if (!extension) return;
    if (!isOpen) return call.refuse(403, "Telemetry.SubscriptionClosed", "Telemetry API subscription is closed");
    const subscription = parseSubscription(call.body);
    if ("problem" in subscription) return call.refuse(400, "ValidationError", subscription.problem);
    const { name } = extension;
    const delivery = createTelemetryDelivery({
      ...subscription,
      onDropped: (dropped) => {
        const subscriber = subscribers.get(name);
        if (subscriber) give(subscriber, stamped("platform.logsDropped", dropped));
      },
    });
    subscribers.get(name)?.delivery.close(); // the later subscription of one extension counts (assumed)
    const subscriber = { ...subscription, delivery };
    subscribers.set(name, subscriber);
    for (const record of earlier) give(subscriber, record);
    if (droppedEarlier.droppedRecords > 0) give(subscriber, stamped("platform.logsDropped", droppedEarlier));
    api.platform("platform.telemetrySubscription", { name, state: "Subscribed", types: subscription.types });
    call.answer(200, '"OK"');
  };

  const give = ({ types, schemaVersion, delivery }: Subscriber, { time, type, record }: TelemetryRecord): void => {
    if (!types.includes(type.split(".")[0] ?? "")) return;
    const isObject = isJsonLog() && schemaVersion !== ALWAYS_TEXT;
    delivery.add(
      JSON.stringify({ time, type, record: isObject && typeof record === "string" ? json(record) : record }),
    );
  };

  const remember = (record: TelemetryRecord): void => {
    if (earlier.length < MAX_EARLIER) return void earlier.push(record);
    const droppedBytes = droppedEarlier.droppedBytes + JSON.stringify(record).length;
    droppedEarlier = { ...droppedEarlier, droppedRecords: droppedEarlier.droppedRecords + 1, droppedBytes };
  };

  const emit = (record: TelemetryRecord): void => {
    if (isOpen) remember(record);
    for (const subscriber of subscribers.values()) give(subscriber, record);
  };

  const each = (what: "pause" | "resume" | "flush" | "close") => (): void => {
    for (const { delivery } of subscribers.values()) delivery[what]();
  };

  const api: TelemetryApi = {
    serve(call) {
      if (call.method !== "PUT" || call.path.replace(/\/$/, "") !== PATH) return false;
      subscribe(call);
      return true;
    },
    platform: (type, record) => emit(stamped(type, record)),
    line: (text) => emit(stamped("function", text)),
    closeSubscription() {
      isOpen = false;
      earlier = [];
    },
    pause: each("pause"),
    resume: each("resume"),
    flush: each("flush"),
    close: each("close"),
  };
  return api;
};

const stamped = (type: string, record: unknown): TelemetryRecord => ({ time: new Date().toISOString(), type, record });

/** The object that a line is, else the line. */
const json = (line: string): unknown => {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? value : line;
  } catch {
    return line;
  }
};
