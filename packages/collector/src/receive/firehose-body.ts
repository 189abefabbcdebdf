/**
 * The body of a Firehose delivery to an HTTP endpoint → its records, still packed.
 *
 * Errors  InputError `malformed-body`: no such body at all. A single record that is no base64 is `undefined`.
 * Source  Amazon Data Firehose developer guide, "HTTP endpoint delivery request and response specifications".
 */
import type { PlainValue } from "@mayfly/otlp";
import { InputError } from "../errors.ts";
import { type Fields, fieldsOf, text, utf8 } from "../model/json-fields.ts";

export interface FirehoseRequest {
  readonly requestId: string;
  readonly records: readonly (Buffer | undefined)[];
}

export const decodeFirehose = (body: Uint8Array): FirehoseRequest => {
  const fields = objectIn(body);
  const requestId = text(fields?.["requestId"]);
  const records = fields?.["records"];
  if (requestId === undefined) throw new InputError("malformed-body", "requestId: expected a text that is not empty");
  if (!Array.isArray(records)) throw new InputError("malformed-body", "records: expected a list");
  return { requestId, records: (records as readonly PlainValue[]).map(dataOf) };
};

const objectIn = (body: Uint8Array): Fields | undefined => {
  try {
    return fieldsOf(JSON.parse(utf8(body)) as PlainValue);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InputError("malformed-body", `cannot read ${body.length} bytes of JSON: ${reason}`, { cause });
  }
};

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

const dataOf = (record: PlainValue): Buffer | undefined => {
  const data = fieldsOf(record)?.["data"];
  return typeof data === "string" && BASE64.test(data) ? Buffer.from(data, "base64") : undefined;
};
