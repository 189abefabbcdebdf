import { join } from "node:path";
import { readDevFiles } from "@mayfly/lab/dev";
import { expect, test } from "vitest";
import { shopDefinition } from "../src/definition.ts";

const SHOP = join(import.meta.dirname, "..");

test("mayfly.dev.json says of the shop what its definition says", async () => {
  const { definition } = await readDevFiles([], SHOP);

  const { functions, buses, ...others } = shopDefinition(join(SHOP, "src/handlers"), { batchSize: 5 });
  expect(definition).toMatchObject(others);
  expect(Object.keys(definition.queues ?? {}).toSorted()).toEqual(Object.keys(others.queues ?? {}).toSorted());
  expect(Object.values(definition.buses?.["default"]?.rules ?? {})).toEqual(
    Object.values(buses?.["default"]?.rules ?? {}),
  );
  for (const [name, one] of Object.entries(functions))
    expect(definition.functions[name]).toEqual({ environment: {}, ...one, file: one.file.replace(/\.mjs$/, ".ts") });
  expect(Object.keys(definition.functions)).toEqual(Object.keys(functions));
});
