/** AWS's own presigner runs a client's middleware and calls nobody. */
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { expect, test } from "vitest";
import { calling } from "../../../test/aws.ts";

const OBJECT = { Bucket: "photos", Key: "a.png" };

test.each([
  ["read", () => new GetObjectCommand(OBJECT), {}],
  ["written", () => new PutObjectCommand({ ...OBJECT, Metadata: { owner: "ann" } }), { MAYFLY_INJECT_PAYLOAD: "s3" }],
])("a URL by which an object is %s is signed as without us, and is no call", async (_how, command, env) => {
  const urls: string[] = [];
  const called = await calling(
    () => ({ headers: { etag: '"e-1"' }, body: "" }),
    async ({ client }) => {
      const s3 = new S3Client({ ...client, forcePathStyle: true });
      const sign = async () => urls.push(await getSignedUrl(s3, command(), { signingDate: new Date(0) }));
      await sign();
      // Until its first call, a client has nothing of ours.
      await s3.send(new PutObjectCommand({ ...OBJECT, Body: "bytes" }));
      await sign();
    },
    { env },
  );
  expect(called.thrown).toBeUndefined();
  expect(urls[1]).toBe(urls[0]);
  expect(urls[0]).toContain("X-Amz-Signature=");
  expect(called.clientSpans.map(({ name }) => name)).toEqual(["S3.PutObject"]);
  expect("x-amz-meta-traceparent" in (called.requests[0]?.headers ?? {})).toBe("MAYFLY_INJECT_PAYLOAD" in env);
});
