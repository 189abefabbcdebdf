/** A notification names the request that wrote the object, and the object's version: both are in the answer. */
import { MAX_S3_METADATA_BYTES } from "../../limits.ts";
import { ATTR } from "../../semconv.ts";
import { s3ObjectKey } from "../../stitch/keys.ts";
import { type JsonObject, anyCase, objectAt, textAt } from "../../trigger/trigger.ts";
import type { Carrier, Injected, Service } from "./operation.ts";
import { mayInject } from "./payload.ts";

const WRITES: ReadonlySet<string> = new Set(["PutObject", "CopyObject", "CompleteMultipartUpload", "DeleteObject"]);

export const s3: Service = (command, input) => {
  const [bucket, key] = [textAt(input, "Bucket"), textAt(input, "Key")];
  return {
    spanName: `S3.${command}`,
    isMessage: false,
    attributes: { ...(bucket && { [ATTR.s3Bucket]: bucket }), ...(key && { [ATTR.s3Key]: key }) },
    ...(command === "PutObject" && mayInject("s3") && { inject: withMetadata }),
    produced: (output, requestId) => {
      if (!WRITES.has(command)) return [];
      const version =
        textAt(output, "VersionId") ?? textAt(output, "ETag") ?? textAt(objectAt(output, "CopyObjectResult"), "ETag");
      return [
        ...(requestId ? [{ kind: "s3-request", id: requestId } as const] : []),
        ...(bucket && key && version ? [s3ObjectKey(bucket, key, version)] : []),
      ];
    },
  };
};

/** No event tells of it; whoever reads the object can. */
const withMetadata = (input: JsonObject, carrier: Carrier): Injected => {
  const given = objectAt(input, "Metadata") ?? {};
  if (anyCase(given, "traceparent") !== undefined) return { input, skipped: 0 };
  const metadata = { ...carrier, ...given };
  const bytes = Object.entries(metadata).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(String(value)),
    0,
  );
  return bytes > MAX_S3_METADATA_BYTES
    ? { input, skipped: 1 }
    : { input: { ...input, Metadata: metadata }, skipped: 0 };
};
