/** Of a stored span its trace alone, without decoding the rest. */
import type { TraceId } from "../../model/ids.ts";
import { Walk, tagOf } from "../walk.ts";

const TRACE_ID = tagOf(1, "delimited");

export const createTraceIdRead = (): ((record: Uint8Array) => TraceId) => {
  const walk = new Walk();
  return (record) => {
    let traceId = "";
    walk.position = 0;
    while (walk.next(record, record.length)) {
      if (walk.tag === TRACE_ID)
        traceId = Buffer.from(record.buffer, record.byteOffset + walk.start, 16).toString("hex");
    }
    return traceId as TraceId;
  };
};
