/**
 * A request to AWS, read from outside: for clients that are bundled into the handler, or are not AWS's own. Service and region
 * stand in what was signed, whatever the endpoint; the operation in a header, the query or the path, by protocol.
 *
 *   authorization: AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/sqs/aws4_request, …
 *   x-amz-target: AmazonSQS.SendMessage                                      JSON protocols
 *   PUT /key?x-id=PutObject                                                  S3
 *   POST /service/GraniteServiceVersion20100801/operation/PutMetricData      CBOR
 *   POST /2015-03-31/functions/name/invocations                              Lambda
 *
 * The query protocol (SNS) names its operation in the body, which is not read.
 */
import type { Attributes } from "@opentelemetry/api";
import { ATTR } from "../semconv.ts";
import { type StitchKey, s3ObjectKey } from "../stitch/keys.ts";
import { functionName } from "./aws-sdk/lambda.ts";
import type { HeaderOf, Outgoing } from "./outgoing.ts";

export interface AwsRequest {
  readonly spanName: string;
  readonly attributes: Attributes;
  /** Ids in an answer that the other side will see. */
  produced(header: HeaderOf): readonly StitchKey[];
}

/** As AWS's clients are called; of the others short ones are initials, and long ones go by the name they sign with. */
const CLIENT_NAMES: Readonly<Record<string, string>> = {
  dynamodb: "DynamoDB",
  events: "EventBridge",
  firehose: "Firehose",
  kinesis: "Kinesis",
  lambda: "Lambda",
  secretsmanager: "SecretsManager",
  states: "SFN",
};

/** What stands behind these is a customer's own API, though it is signed for. */
const APIS = new Set(["execute-api", "vpc-lattice-svcs", "appsync"]);

const SIGNED_SCOPE = /\/\d{8}\/(?:([a-z\d-]+)\/)?([a-z\d-]+)\/aws4_request/;
const AWS_HOST = /^([a-z\d-]+)\.(?:([a-z\d-]+)\.)?amazonaws\.com(?:\.cn)?$/;
const INVOCATION = /^\/\d{4}-\d\d-\d\d\/functions\/([^/]+)\/(?:response-streaming-)?invocations$/;

/** undefined for everything that is no call of an AWS service. */
export const awsRequestOf = ({ method, url, header }: Outgoing): AwsRequest | undefined => {
  const proof = header("authorization") ?? url.searchParams.get("X-Amz-Credential") ?? "";
  const target = header("x-amz-target");
  const signed = SIGNED_SCOPE.exec(proof);
  // Below AWS's domain stand load balancers and machines as well: unsigned, only what names an operation is a call.
  const unsigned = target === undefined ? null : AWS_HOST.exec(url.hostname);
  const [region, id] = signed ? signed.slice(1) : [unsigned?.[2], unsigned?.[1]];
  if (!id || APIS.has(id)) return undefined;
  // A function URL is signed for Lambda, too.
  if (id === "lambda" && !/^\/\d{4}-/.test(url.pathname)) return undefined;
  const service = CLIENT_NAMES[id] ?? (id.length < 4 ? id.toUpperCase() : id);
  const invoked = id === "lambda" && functionName(decoded(INVOCATION.exec(url.pathname)?.[1] ?? ""));
  const operation = invoked ? "Invoke" : operationOf(url, target);
  return {
    spanName: invoked ? `${invoked} Invoke` : operation ? `${service}.${operation}` : `${method} ${service}`,
    attributes: {
      [ATTR.rpcSystem]: "aws-api",
      ...(operation && { [ATTR.rpcMethod]: `${service}/${operation}` }),
      ...(region && { [ATTR.cloudRegion]: region }),
      ...(invoked && {
        [ATTR.faasInvokedName]: invoked,
        [ATTR.faasInvokedProvider]: "aws",
        ...(region && { [ATTR.faasInvokedRegion]: region }),
      }),
    },
    produced(answer) {
      const lambdaId = answer("x-amzn-requestid");
      if (invoked) return lambdaId ? [{ kind: "lambda-request", id: lambdaId }] : [];
      return id === "s3" ? s3Keys(method, url, operation, answer) : [];
    },
  };
};

const operationOf = (url: URL, target: string | undefined): string | undefined =>
  target?.split(".").at(-1) ?? url.searchParams.get("x-id") ?? /\/operation\/(\w+)$/.exec(url.pathname)?.[1];

/** Whatever writes may cause an event, which has the request's id; an object that was put, also its version. */
const s3Keys = (method: string, url: URL, operation: string | undefined, answer: HeaderOf): StitchKey[] => {
  const requestId = answer("x-amz-request-id");
  if (!/^(?:PUT|POST|DELETE)$/.test(method)) return [];
  const version = answer("x-amz-version-id") ?? answer("etag");
  const [bucket, key] = objectOf(url);
  const isObject =
    method === "PUT" && (operation ?? "PutObject") === "PutObject" && !url.searchParams.has("partNumber");
  return [
    ...(requestId ? [{ kind: "s3-request", id: requestId } as const] : []),
    ...(isObject && bucket && key && version ? [s3ObjectKey(bucket, key, version)] : []),
  ];
};

/** `bucket.s3.region.amazonaws.com/key`, or `endpoint/bucket/key`. */
const objectOf = ({ hostname, pathname }: URL): readonly (string | undefined)[] => {
  const path = decoded(pathname.slice(1));
  const bucket = /^(.+)\.s3[.-]/.exec(hostname)?.[1];
  if (bucket !== undefined) return [bucket, path];
  const at = path.indexOf("/");
  return at < 0 ? [path] : [path.slice(0, at), path.slice(at + 1)];
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // not as AWS's clients encode it
  }
};
