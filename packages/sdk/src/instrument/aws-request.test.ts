import { describe, expect, test } from "vitest";
import { awsRequestOf } from "./aws-request.ts";

const LOCAL = "http://127.0.0.1:4566";

interface Request {
  readonly method?: string;
  readonly url: string;
  readonly service?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const read = ({ method = "POST", url, service, headers = {} }: Request) =>
  awsRequestOf({
    method,
    url: new URL(url),
    header: (name) =>
      name === "authorization" && service
        ? `AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/${service}/aws4_request, SignedHeaders=host`
        : headers[name],
  });

const keys = (request: Request, answer: Readonly<Record<string, string>>) =>
  read(request)?.produced((name) => answer[name]);

test.each<[string, Request, object]>([
  [
    "SQS.SendMessage",
    { url: `${LOCAL}/`, service: "sqs", headers: { "x-amz-target": "AmazonSQS.SendMessage" } },
    { "rpc.system.name": "aws-api", "rpc.method": "SQS/SendMessage", "cloud.region": "eu-west-1" },
  ],
  [
    "DynamoDB.PutItem",
    { url: `${LOCAL}/`, service: "dynamodb", headers: { "x-amz-target": "DynamoDB_20120810.PutItem" } },
    { "rpc.method": "DynamoDB/PutItem" },
  ],
  [
    "EventBridge.PutEvents",
    { url: "https://events.eu-west-1.amazonaws.com/", headers: { "x-amz-target": "AWSEvents.PutEvents" } },
    { "rpc.method": "EventBridge/PutEvents", "cloud.region": "eu-west-1" },
  ],
  [
    "S3.PutObject",
    { method: "PUT", url: "https://b.s3.eu-west-1.amazonaws.com/k?x-id=PutObject", service: "s3" },
    { "rpc.method": "S3/PutObject" },
  ],
  [
    "monitoring.PutMetricData",
    { url: `${LOCAL}/service/GraniteServiceVersion20100801/operation/PutMetricData`, service: "monitoring" },
    { "rpc.method": "monitoring/PutMetricData" },
  ],
  ["POST SNS", { url: `${LOCAL}/`, service: "sns" }, { "rpc.system.name": "aws-api" }],
  [
    "pay Invoke",
    { url: `${LOCAL}/2015-03-31/functions/pay/invocations?Qualifier=live`, service: "lambda" },
    {
      "rpc.method": "Lambda/Invoke",
      "faas.invoked_name": "pay",
      "faas.invoked_provider": "aws",
      "faas.invoked_region": "eu-west-1",
    },
  ],
  [
    "pay Invoke",
    {
      url: `${LOCAL}/2021-11-15/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A111122223333%3Afunction%3Apay%3A7/response-streaming-invocations`,
      service: "lambda",
    },
    { "faas.invoked_name": "pay" },
  ],
  [
    "GET S3",
    {
      method: "GET",
      url: "https://b.s3.dualstack.us-east-1.amazonaws.com/k?X-Amz-Credential=A%2F20260101%2Fus-east-1%2Fs3%2Faws4_request",
    },
    { "cloud.region": "us-east-1" },
  ],
  [
    "cognito-idp.InitiateAuth",
    {
      url: "https://cognito-idp.eu-west-1.amazonaws.com/",
      headers: { "x-amz-target": "AWSCognitoIdentityProviderService.InitiateAuth" },
    },
    { "rpc.method": "cognito-idp/InitiateAuth", "cloud.region": "eu-west-1" },
  ],
])("%s", (name, request, attributes) => {
  expect(read(request)).toMatchObject({ spanName: name, attributes });
});

test.each<[string, Request]>([
  [
    "an API behind API Gateway, signed",
    { url: "https://a1.execute-api.eu-west-1.amazonaws.com/orders", service: "execute-api" },
  ],
  ["an API behind API Gateway", { url: "https://a1.execute-api.eu-west-1.amazonaws.com/orders" }],
  ["a function URL, signed", { url: "https://a1.lambda-url.eu-west-1.on.aws/orders", service: "lambda" }],
  ["a load balancer", { url: "https://lb-1.eu-west-1.elb.amazonaws.com/orders" }],
  ["anything else", { url: "https://api.example.com/2015-03-31/functions/pay/invocations" }],
  ["somebody who has amazonaws.com in front", { url: "https://sqs.eu-west-1.amazonaws.com.example.com/" }],
])("%s is no AWS call", (_what, request) => {
  expect(read(request)).toBeUndefined();
});

describe("keys", () => {
  test("an invoked function's own request id", () => {
    const invoke = { url: `${LOCAL}/2015-03-31/functions/pay/invocations`, service: "lambda" };
    expect(keys(invoke, { "x-amzn-requestid": "r-1" })).toEqual([{ kind: "lambda-request", id: "r-1" }]);
    expect(
      keys({ url: `${LOCAL}/2015-03-31/functions/pay`, service: "lambda" }, { "x-amzn-requestid": "r-1" }),
    ).toEqual([]);
  });

  const answer = { "x-amz-request-id": "s3-1", etag: '"0123"' };
  const request = { kind: "s3-request", id: "s3-1" };

  test.each([
    ["in the host", "https://orders.s3.eu-west-1.amazonaws.com/in/a%20b.json?x-id=PutObject"],
    ["in the host, with dots", "https://orders.s3-eu-west-1.amazonaws.com/in/a%20b.json"],
    ["in the path", `${LOCAL}/orders/in/a%20b.json?x-id=PutObject`],
    ["in the path, signed beforehand", `${LOCAL}/orders/in/a%20b.json?X-Amz-Signature=1`],
  ])("a write's request, and the object's version, with the bucket %s", (_where, url) => {
    const put = { method: "PUT", url, service: "s3" };
    expect(keys(put, answer)).toEqual([request, { kind: "s3-object", scope: "orders", id: "in/a b.json@0123" }]);
    expect(keys(put, { ...answer, "x-amz-version-id": "v1" })?.[1]).toMatchObject({ id: "in/a b.json@v1" });
  });

  test("of a part, a deletion and what is not a write, no object", () => {
    const url = `${LOCAL}/orders/in/a.json`;
    expect(keys({ method: "PUT", url: `${url}?partNumber=1&uploadId=u`, service: "s3" }, answer)).toEqual([request]);
    expect(keys({ method: "PUT", url: `${url}?x-id=CopyObject`, service: "s3" }, answer)).toEqual([request]);
    expect(keys({ method: "DELETE", url, service: "s3" }, answer)).toEqual([request]);
    expect(keys({ method: "GET", url, service: "s3" }, answer)).toEqual([]);
  });

  test("of services whose ids stand in the body, none", () => {
    expect(keys({ url: LOCAL, service: "sqs" }, { "x-amzn-requestid": "r-1" })).toEqual([]);
  });
});
