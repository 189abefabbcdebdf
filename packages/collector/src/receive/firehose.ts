/**
 * Deliveries of Amazon Data Firehose to an HTTP endpoint: CloudWatch Logs subscriptions, record by record.
 *
 * In      POST /v1/firehose, key in X-Amz-Firehose-Access-Key (guard/credentials.ts); records base64, each packed with gzip
 *         or not.
 * Out     200 `{ requestId, timestamp }` after all of it is durable; else the same with `errorMessage`. Firehose takes
 *         anything but 200 as a failure, tries all but 413 again for hours, and so must not be refused what would fail
 *         again: a record that cannot be read is counted, and answered with 200.
 * Bounds  MAX_BODY_BYTES, MAX_RECORD_BYTES unpacked, MAX_UNPACKED_BYTES in all. Records are stored in steps of STEP_BYTES,
 *         each with a digest of its own, so that memory does not grow with how well they were packed, and a delivery that
 *         fails midway stores nothing twice when it comes again.
 * Source  Amazon Data Firehose developer guide, "HTTP endpoint delivery request and response specifications".
 */
import { Readable } from "node:stream";
import type { FirehoseReceipt } from "@mayfly/api";
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { InputError } from "../errors.ts";
import { INGEST } from "../guard/scopes.ts";
import { httpProblem, type OnFault } from "../http-status.ts";
import type { FunctionIdentity } from "../model/function-identity.ts";
import { fieldsOf, text } from "../model/json-fields.ts";
import { answers } from "../openapi/described.ts";
import type { Admission } from "./admission.ts";
import { unpacked } from "./content-encoding.ts";
import { deliveryDigest } from "./delivery-digest.ts";
import { decodeFirehose } from "./firehose-body.ts";
import type { Refusals } from "./refusals.ts";
import { wholeBody } from "./whole-body.ts";

interface FirehoseStep {
  /** What the delivery says of all its lines. */
  readonly identity: FunctionIdentity;
  /** Unpacked. */
  readonly records: readonly Buffer[];
  /** Records that could not be unpacked, by reason. */
  readonly rejected: Readonly<Record<string, number>>;
  readonly digest: Uint8Array;
}

export interface FirehoseDeps {
  /** Resolves when what the step brought is durable. */
  readonly ingest: (step: FirehoseStep) => Promise<void>;
  readonly admission: Admission;
  readonly refusals: Refusals;
  readonly onFault: OnFault;
  readonly nowMs: () => number;
}

const MAX_BODY_BYTES = 64 * 1024 * 1024;
const MAX_RECORD_BYTES = 32 * 1024 * 1024;
const MAX_UNPACKED_BYTES = 1024 * 1024 * 1024;
const STEP_BYTES = 8 * 1024 * 1024;
/** As much as Firehose reads of it. */
const MAX_MESSAGE_LENGTH = 8_192;

const SCHEMA = {
  tags: ["telemetry"],
  summary: "Store what Amazon Data Firehose delivers of a CloudWatch Logs subscription",
  description:
    "Firehose's contract for HTTP endpoints: the key is in `X-Amz-Firehose-Access-Key`, and only 200 is a success. Records that cannot be read are counted in `rejectedLogs` of `/api/stats`.",
  takes: {
    "application/json": {
      schema: {
        type: "object",
        properties: {
          requestId: { type: "string" },
          timestamp: { type: "integer" },
          records: { type: "array", items: { type: "object", properties: { data: { type: "string" } } } },
        },
      },
    },
  },
  refusals: "FirehoseError",
  response: answers("FirehoseReceipt"),
} as const;

export const firehoseRoutes =
  (deps: FirehoseDeps): FastifyPluginAsync =>
  async (app) => {
    const { refusals, onFault, nowMs } = deps;
    await app.register(async (routes) => {
      routes.addContentTypeParser("application/json", (_request, payload, done) => done(null, payload));
      routes.setErrorHandler((error, request, reply) => {
        const { status, code, message, headers } = httpProblem(error);
        refusals.count(code);
        if (status >= 500) onFault(error, status, request);
        const errorMessage = message.slice(0, MAX_MESSAGE_LENGTH);
        return sendReceipt(reply.code(status).headers(headers), { ...receipt(headerId(request), nowMs), errorMessage });
      });
      routes.post("/v1/firehose", { ...INGEST, schema: SCHEMA }, async (request, reply) => {
        const requestId = await take(request, deps);
        return sendReceipt(reply, receipt(headerId(request) || requestId, nowMs));
      });
    });
  };

const receipt = (requestId: string, nowMs: () => number): FirehoseReceipt => ({ requestId, timestamp: nowMs() });

/** As bytes: with a text fastify would add a charset to the type, and Firehose's contract has none. */
const sendReceipt = (reply: FastifyReply, answer: FirehoseReceipt): FastifyReply =>
  reply.type("application/json").send(Buffer.from(JSON.stringify(answer)));

const headerId = ({ headers }: FastifyRequest): string => String(headers["x-amz-firehose-request-id"] ?? "");

const take = async (request: FastifyRequest, { ingest, admission }: FirehoseDeps): Promise<string> => {
  const { body: stream, headers } = request;
  if (!(stream instanceof Readable))
    throw new InputError("unsupported-content-type", "Content-Type is not application/json");
  const held = admission.open();
  try {
    const { turn } = admission;
    const body = await wholeBody(stream, headers, { maxBytes: MAX_BODY_BYTES, held, turn });
    held.take(body.length); // its records, without base64, live beside it
    const { requestId, records } = decodeFirehose(body);
    const identity = identityOf(request);
    let number = 0;
    for await (const { packed, ...step } of stepsOf(records, admission))
      await ingest({ ...step, identity, digest: deliveryDigest(["firehose", requestId, String(number++), ...packed]) });
    return requestId;
  } finally {
    held.release();
  }
};

interface Step {
  readonly packed: readonly Buffer[];
  readonly records: readonly Buffer[];
  readonly rejected: Readonly<Record<string, number>>;
}

/** What a step holds unpacked is given back when the next is asked for. */
async function* stepsOf(records: readonly (Buffer | undefined)[], admission: Admission): AsyncGenerator<Step> {
  let left = MAX_UNPACKED_BYTES;
  for (let next = 0; next < records.length;) {
    const held = admission.open();
    const step = { packed: [] as Buffer[], records: [] as Buffer[], rejected: {} as Record<string, number> };
    try {
      for (let bytes = 0; bytes < STEP_BYTES && next < records.length; next += 1) {
        const packed = records[next];
        const record = packed ? await recordOf(packed, Math.min(MAX_RECORD_BYTES, left), admission) : MALFORMED;
        if (packed) step.packed.push(packed);
        if (typeof record === "string") step.rejected[record] = (step.rejected[record] ?? 0) + 1;
        else {
          held.take(record.length);
          bytes += record.length;
          left -= record.length;
          step.records.push(record);
        }
      }
      yield step;
    } finally {
      held.release();
    }
  }
}

const MALFORMED = "malformed-record";
const TOO_LARGE = "record-too-large";

/** Unpacked, or why not. */
const recordOf = async (packed: Buffer, maxBytes: number, admission: Admission): Promise<Buffer | string> => {
  if (packed[0] !== 0x1f || packed[1] !== 0x8b) return packed.length > maxBytes ? TOO_LARGE : packed;
  const held = admission.open();
  try {
    held.take(packed.length); // unpacked() gives it back
    return await unpacked(packed, "gzip", { maxBytes, held });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.code === "body-too-large" ? TOO_LARGE : MALFORMED;
  } finally {
    held.release();
  }
};

/** Common attributes say what plain lines do not; the stream's ARN says the region. */
const identityOf = ({ headers }: FastifyRequest): FunctionIdentity => {
  const region = String(headers["x-amz-firehose-source-arn"] ?? "").split(":")[3];
  const common = commonAttributes(String(headers["x-amz-firehose-common-attributes"] ?? "{}"));
  const said = COMMON_NAMES.flatMap((name) => {
    const value = text(common?.[name]);
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...(region && { region }), ...Object.fromEntries(said) };
};

const COMMON_NAMES = ["functionName", "functionVersion", "logGroup", "logStream"] as const;

const commonAttributes = (header: string): ReturnType<typeof fieldsOf> => {
  try {
    return fieldsOf(fieldsOf(JSON.parse(header) as Parameters<typeof fieldsOf>[0])?.["commonAttributes"]);
  } catch {
    return undefined; // an attribute of a stream that is no JSON is no reason to lose its records
  }
};
