import { expect, test } from "vitest";
import { failedIds } from "./sqs.ts";

const BATCH = [{ MessageId: "a" }, { MessageId: "b" }];
const ALL = ["a", "b"];

test.each([
  { result: null, failed: [] },
  { result: "done", failed: [] },
  { result: {}, failed: [] },
  { result: { batchItemFailures: null }, failed: [] },
  { result: { batchItemFailures: [] }, failed: [] },
  { result: { batchItemFailures: [{ itemIdentifier: "b" }] }, failed: ["b"] },
  { result: { batchItemFailures: [{ itemIdentifier: "b" }, { itemIdentifier: "b" }] }, failed: ["b"] },
  { result: { batchItemFailures: [{ itemIdentifier: "a" }, { itemIdentifier: "b" }] }, failed: ALL },
  { result: { batchItemFailures: [{ itemIdentifier: "a" }, { itemIdentifier: "no id of the batch" }] }, failed: ALL },
  { result: { batchItemFailures: [{ itemIdentifier: "" }] }, failed: ALL },
  { result: { batchItemFailures: [{ itemIdentifier: null }] }, failed: ALL },
  { result: { batchItemFailures: [{ wrongKey: "a" }] }, failed: ALL },
  { result: { batchItemFailures: [null] }, failed: ALL },
  { result: { batchItemFailures: "all" }, failed: ALL },
])("the partial batch response $result fails $failed of a, b", ({ result, failed }) => {
  expect([...failedIds(JSON.stringify(result), BATCH)]).toEqual(failed);
});
