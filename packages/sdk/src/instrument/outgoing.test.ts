import { describe, expect, test } from "vitest";
import { type Outgoing, headersFor, isPlatforms, printableUrl } from "./outgoing.ts";

const span = { traceId: "67891233abcdef012345678912345678", spanId: "00f067aa0ba902b7", traceFlags: 1 };
const ROOT = "Root=1-67891233-abcdef012345678912345678";
const TRACEPARENT = ["traceparent", `00-${span.traceId}-${span.spanId}-01`];

const request = (headers: Readonly<Record<string, string>> = {}, url = "https://api.example.com/orders"): Outgoing => ({
  method: "POST",
  url: new URL(url),
  header: (name) => headers[name],
});

const headers = (outgoing: Outgoing, xrayHeader?: string, excludedHosts: readonly string[] = []) =>
  headersFor(outgoing, { span, xrayHeader, excludedHosts, propagators: ["tracecontext", "xray"] });

describe("a signed request", () => {
  const SIGNED = [
    [
      "by signature 4",
      request({ authorization: "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/sqs/aws4_request" }),
    ],
    ["by signature 4a", request({ authorization: "AWS4-ECDSA-P256-SHA256 Credential=AKID/20260101/s3/aws4_request" })],
    ["by signature 2", request({ authorization: "AWS AKID:abc=" })],
    ["beforehand", request({}, "https://bucket.s3.amazonaws.com/key?X-Amz-Signature=abc&X-Amz-SignedHeaders=host")],
  ] as const;

  test.each(SIGNED)("%s has X-Amzn-Trace-Id and nothing else", (_how, signed) => {
    expect(headers(signed), "where Lambda gave none").toEqual([]);
    expect(headers(signed, `${ROOT};Sampled=0;Lineage=a:1`)).toEqual([
      ["X-Amzn-Trace-Id", `${ROOT};Parent=${span.spanId};Sampled=0;Lineage=a:1`],
    ]);
  });

  test("that has the header as it must be is left alone", () => {
    const present = `${ROOT};Parent=53995c3f42cd8ad8;Sampled=1`;
    expect(headers(request({ authorization: "AWS4-…", "x-amzn-trace-id": present }))).toEqual([]);
  });

  test("that signs the header is left alone", () => {
    const present = `${ROOT};Parent=53995c3f42cd8ad8;Sampled=0`;
    const authorization = "AWS4-HMAC-SHA256 Credential=…, SignedHeaders=host;x-amzn-trace-id, Signature=…";
    expect(headers(request({ authorization, "x-amzn-trace-id": present }))).toEqual([]);
  });
});

describe("any other request", () => {
  test.each(["Bearer abc", "Basic abc", "AWSome abc"])("authorized by %s has a traceparent", (authorization) => {
    expect(headers(request({ authorization }), `${ROOT};Sampled=0`)).toEqual([TRACEPARENT]);
  });

  test("that has one is left alone", () => {
    expect(headers(request({ traceparent: "" }))).toEqual([]);
  });

  test.each(["api.example.com", "example.com", "com", "*"])(
    "to a host within %s has none, if that is excluded",
    (host) => {
      expect(headers(request(), undefined, ["other.org", host])).toEqual([]);
      expect(headers(request(), undefined, ["other.org", "pi.example.com"])).toEqual([TRACEPARENT]);
    },
  );
});

test.each([
  "http://169.254.169.254/latest/meta-data/",
  "http://169.254.170.2/v2/credentials",
  "http://[fd00:ec2::23]/v1/credentials",
  "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next",
])("%s is the platform's", (url) => {
  expect(isPlatforms(new URL(url), ["127.0.0.1:9001"])).toBe(true);
});

test.each(["http://127.0.0.1:9002/", "https://169.example.com/", "http://10.169.254.1/"])("%s is not", (url) => {
  expect(isPlatforms(new URL(url), ["127.0.0.1:9001"])).toBe(false);
});

test("a URL is told without what proves the right to ask", () => {
  const url = new URL(
    "https://user:pass@api.example.com:8443/a%20b?sig=1&x-amz-signature=2&next=3&id_token=4&q=5#part",
  );
  expect(printableUrl(url)).toBe(
    "https://api.example.com:8443/a%20b?sig=REDACTED&x-amz-signature=REDACTED&next=3&id_token=REDACTED&q=5",
  );
});
