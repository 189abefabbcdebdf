/** A record has no place for a context but its own data, which is the application's: joined by shard and sequence number. */
import { MAX_KINESIS_RECORD_BYTES } from "../../limits.ts";
import { ATTR } from "../../semconv.ts";
import { type StitchKey, kinesisKey } from "../../stitch/keys.ts";
import { type JsonObject, isObject, lastOfArn, textAt } from "../../trigger/trigger.ts";
import type { Carrier, Injected, Service } from "./operation.ts";
import { refusedEntries } from "./operation.ts";
import { FULL, mayInject, withContext } from "./payload.ts";
import { listLength, objectsIn } from "./sqs.ts";

export const kinesis: Service = (command, input) => {
  if (command !== "PutRecord" && command !== "PutRecords") return undefined;
  const stream =
    textAt(input, "StreamName") ?? lastOfArn(textAt(input, "StreamARN"))?.replace(/^stream\//, "") ?? "stream";
  const count = command === "PutRecords" ? listLength(input["Records"]) : 1;
  const answered = (output: JsonObject): readonly JsonObject[] =>
    command === "PutRecords" ? objectsIn(output["Records"]) : [output];
  return {
    spanName: `send ${stream}`,
    isMessage: true,
    attributes: {
      [ATTR.messagingSystem]: "aws_kinesis",
      [ATTR.messagingOperationName]: "send",
      [ATTR.messagingOperationType]: "send",
      [ATTR.messagingDestination]: stream,
      ...(count > 1 && { [ATTR.messagingBatchCount]: count }),
    },
    ...(mayInject("kinesis") && { inject: withContextInData }),
    produced: (output) => answered(output).flatMap((record) => keyOf(stream, record)),
    failed: (output) =>
      refusedEntries(
        answered(output).flatMap((record) => textAt(record, "ErrorCode") ?? []),
        count,
      ),
  };
};

const keyOf = (stream: string, record: JsonObject): StitchKey[] => {
  const [shardId, sequenceNumber] = [textAt(record, "ShardId"), textAt(record, "SequenceNumber")];
  return shardId && sequenceNumber ? [kinesisKey(stream, shardId, sequenceNumber)] : [];
};

const withContextInData = (input: JsonObject, carrier: Carrier): Injected => {
  let skipped = 0;
  const filled = (record: JsonObject): JsonObject => {
    const { Data: data } = record;
    if (!(data instanceof Uint8Array)) return record;
    const partitionKey = textAt(record, "PartitionKey") ?? "";
    const room = MAX_KINESIS_RECORD_BYTES - Buffer.byteLength(partitionKey);
    const whole = withContext(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString(), carrier, room);
    if (whole === FULL) skipped += 1;
    return whole === undefined || whole === FULL ? record : { ...record, Data: Buffer.from(whole) };
  };
  const { Records: records } = input;
  const done = Array.isArray(records)
    ? { ...input, Records: records.map((one: unknown) => (isObject(one) ? filled(one) : one)) }
    : filled(input);
  return { input: done, skipped };
};
