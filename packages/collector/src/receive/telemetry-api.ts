/**
 * Batches of Lambda's Telemetry API, as an extension got them from the platform and passes them on.
 *
 * In      POST /v1/lambda/telemetry: the JSON array as it came, packed as content-encoding.ts knows. Which function it is
 *         of, the query says, because most records do not; a batch with platform.initStart may go without.
 * Out     200 after all of it is durable, with what was rejected of it. 429 and 503 are worth another try.
 * Bounds  as otlp-http.ts.
 */
import { Readable } from "node:stream";
import type { TelemetryReceipt } from "@mayfly/api";
import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import { type Static, Type } from "../schema.ts";
import { InputError } from "../errors.ts";
import { INGEST } from "../guard/scopes.ts";
import { httpProblem, type OnFault } from "../http-status.ts";
import { type FunctionIdentity, identityOfArn } from "../model/function-identity.ts";
import { answers } from "../openapi/described.ts";
import { sendProblem } from "../refusal.ts";
import type { Admission } from "./admission.ts";
import { deliveryDigest } from "./delivery-digest.ts";
import type { Refusals } from "./refusals.ts";
import { wholeBody } from "./whole-body.ts";

interface TelemetryBatch {
  readonly identity: FunctionIdentity;
  readonly body: Uint8Array;
  readonly digest: Uint8Array;
}

export interface TelemetryDeps {
  /** Resolves when what the batch brought is durable. */
  readonly ingest: (batch: TelemetryBatch) => Promise<TelemetryReceipt>;
  readonly admission: Admission;
  readonly refusals: Refusals;
  readonly onFault: OnFault;
}

const MAX_BODY_BYTES = 64 * 1024 * 1024;

const text = (description: string) => Type.Optional(Type.String({ maxLength: 512, description }));

const Query = Type.Object(
  {
    functionName: text("`AWS_LAMBDA_FUNCTION_NAME`."),
    functionVersion: text("`AWS_LAMBDA_FUNCTION_VERSION`."),
    functionArn: text("With or without a version; says name, region and account too."),
    logGroup: text("`AWS_LAMBDA_LOG_GROUP_NAME`, where the sender knows it."),
    logStream: text("`AWS_LAMBDA_LOG_STREAM_NAME`, where the sender knows it: it names the environment."),
    instanceId: text("Of platform.initStart, where there is no log stream."),
    region: text("`AWS_REGION`."),
  },
  { additionalProperties: false },
);

const SCHEMA = {
  tags: ["telemetry"],
  summary: "Store a batch of Lambda's Telemetry API",
  description:
    "The JSON array of `{ time, type, record }` as the platform posts it to an extension. 200 once everything is on disk. Only 429 and 503 are worth another try.",
  querystring: Query,
  takes: { "application/json": { schema: { type: "array", items: { type: "object" } } } },
  refusals: "Error",
  response: answers("TelemetryReceipt"),
} as const;

export const telemetryRoutes =
  ({ ingest, admission, refusals, onFault }: TelemetryDeps): FastifyPluginAsync =>
  async (app) => {
    await app.register(async (routes) => {
      routes.addContentTypeParser("application/json", (_request, payload, done) => done(null, payload));
      routes.setErrorHandler((error, request, reply) => {
        const { status, code } = httpProblem(error);
        refusals.count(code);
        if (status >= 500) onFault(error, status, request);
        return sendProblem(error, reply);
      });
      routes.post<{ Querystring: Static<typeof Query> }>(
        "/v1/lambda/telemetry",
        { ...INGEST, schema: SCHEMA },
        async (request) => {
          const stream = streamOf(request);
          const held = admission.open();
          try {
            const { turn } = admission;
            const body = await wholeBody(stream, request.headers, { maxBytes: MAX_BODY_BYTES, held, turn });
            held.take(body.length); // what is made of it lives as long
            const identity = identityOf(request.query);
            const digest = deliveryDigest(["lambda-telemetry", JSON.stringify(identity), body]);
            return await ingest({ identity, body, digest });
          } finally {
            held.release();
          }
        },
      );
    });
  };

const streamOf = ({ body }: FastifyRequest): Readable => {
  if (body instanceof Readable) return body;
  throw new InputError("unsupported-content-type", "Content-Type is not application/json");
};

const identityOf = ({ functionArn, ...said }: Static<typeof Query>): FunctionIdentity => {
  const ofArn = functionArn === undefined ? {} : identityOfArn(functionArn);
  if (ofArn === undefined) throw new InputError("bad-parameter", `functionArn is no ARN of a function: ${functionArn}`);
  return { ...ofArn, ...said };
};
