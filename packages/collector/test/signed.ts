/**
 * AWS Signature Version 4, checked as AWS checks it: the signature of a request is worked out again from what arrived.
 *
 * Source  AWS Signature Version 4, "Create a signed request": canonical request, string to sign, derived key.
 */
import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";

export const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: "AKIAEXAMPLE",
  AWS_SECRET_ACCESS_KEY: "a secret of the test",
  AWS_REGION: "eu-west-1",
} as const;

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;

/** What is wrong with the signature; undefined when it is right. */
export const signatureFault = (request: IncomingMessage, body: Buffer, service: string): string | undefined => {
  const found = AUTHORIZATION.exec(request.headers.authorization ?? "");
  if (found === null) return `no signature: ${request.headers.authorization}`;
  const [, id, date = "", region = "", signedService = "", signedHeaders = "", signature] = found;
  if (id !== CREDENTIALS.AWS_ACCESS_KEY_ID) return `signed by ${id}`;
  if (region !== CREDENTIALS.AWS_REGION || signedService !== service) return `signed for ${region}/${signedService}`;
  const names = signedHeaders.split(";");
  if (!["host", "x-amz-date"].every((name) => names.includes(name))) return `signed headers are ${signedHeaders}`;
  const canonical = [
    request.method,
    request.url,
    "",
    ...names.map((name) => `${name}:${String(request.headers[name]).trim().replace(/\s+/g, " ")}`),
    "",
    signedHeaders,
    sha256(body),
  ].join("\n");
  const scope = `${date}/${region}/${service}/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, sha256(canonical)].join("\n");
  const key = [date, region, service, "aws4_request"].reduce<string | Buffer>(
    (derived, part) => createHmac("sha256", derived).update(part).digest(),
    `AWS4${CREDENTIALS.AWS_SECRET_ACCESS_KEY}`,
  );
  return createHmac("sha256", key).update(toSign).digest("hex") === signature ? undefined : "the signature is wrong";
};

const sha256 = (content: string | Buffer): string => createHash("sha256").update(content).digest("hex");
