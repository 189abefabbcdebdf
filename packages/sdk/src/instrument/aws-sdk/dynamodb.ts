/**
 * A write's answer has no id that the stream's record has too: both sides hash the item's keys. Update and Delete name them; of a Put
 * only the table knows which attributes are keys, so MAYFLY_DYNAMODB_KEYS tells it here.
 */
import { sdk } from "../../sdk.ts";
import { ATTR } from "../../semconv.ts";
import { type StitchKey, dynamodbKey } from "../../stitch/keys.ts";
import { type JsonObject, isObject, objectAt, textAt } from "../../trigger/trigger.ts";
import type { Service } from "./operation.ts";
import { objectsIn } from "./sqs.ts";

/** Of the client, and of the document client. */
const WRITES: ReadonlySet<string> = new Set(
  "PutItem UpdateItem DeleteItem TransactWriteItems BatchWriteItem Put Update Delete TransactWrite BatchWrite".split(
    " ",
  ),
);

export const dynamodb: Service = (command, input) => {
  const writes = WRITES.has(command) ? writesIn(input) : [];
  const tables = [...new Set([...writes.map(({ table }) => table), ...tableIn(input)])];
  return {
    spanName: `DynamoDB.${command}`,
    isMessage: false,
    attributes: tables.length > 0 ? { [ATTR.dynamodbTableNames]: tables } : {},
    produced(output) {
      const left = writesIn({ RequestItems: output["UnprocessedItems"] }).flatMap(keyOf);
      return writes.flatMap(keyOf).filter(({ scope, id }) => !left.some((one) => one.id === id && one.scope === scope));
    },
  };
};

interface Write {
  readonly table: string;
  readonly key?: JsonObject;
  readonly item?: JsonObject;
}

const tableIn = (input: JsonObject): string[] => {
  const name = textAt(input, "TableName");
  return name === undefined ? [] : [nameOf(name)];
};

/** It may be an ARN. */
const nameOf = (table: string): string => table.split("/").at(-1) ?? table;

const writeOf = (table: string, write: unknown): Write => {
  const [key, item] = [objectAt(write, "Key"), objectAt(write, "Item")];
  return { table, ...(key && { key }), ...(item && { item }) };
};

const writesIn = (input: JsonObject): readonly Write[] => {
  const batches = Object.entries(objectAt(input, "RequestItems") ?? {}).flatMap(([table, requests]) =>
    objectsIn(requests).map((one) => writeOf(nameOf(table), one["PutRequest"] ?? one["DeleteRequest"])),
  );
  const transaction = objectsIn(input["TransactItems"])
    .flatMap((one) => [one["Put"], one["Update"], one["Delete"]].filter(isObject))
    .flatMap((one) => tableIn(one).map((table) => writeOf(table, one)));
  return [...tableIn(input).map((table) => writeOf(table, input)), ...batches, ...transaction];
};

const keyOf = ({ table, key, item = {} }: Write): StitchKey[] => {
  if (key) return [dynamodbKey(table, key)];
  const names = sdk().config.dynamodbKeys[table] ?? [];
  const isKnown = names.length > 0 && names.every((name) => item[name] !== undefined);
  return isKnown ? [dynamodbKey(table, Object.fromEntries(names.map((name) => [name, item[name]])))] : [];
};
