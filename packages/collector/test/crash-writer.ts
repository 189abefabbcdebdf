/**
 * Appends batches until it is killed, several at a time, and says each number once it is acknowledged. A partition
 * is full after a few, so that kills fall between two of them as well.
 *
 * Usage  node --conditions=mayfly-source crash-writer.ts DATA_DIR SPANS_PER_BATCH
 */
import { openStore } from "../src/store/sqlite/sqlite-store.ts";
import { batch, span } from "./builders.ts";

const [dataDir = "", spansPerBatch = ""] = process.argv.slice(2);
const store = openStore({ dataDir, partitionBytes: 40_000 });
let next = 0;

const writeForever = async (): Promise<never> => {
  for (;;) {
    const number = (next += 1);
    const names = Array.from({ length: Number(spansPerBatch) }, (_, n) => `${number}/${n}`);
    await store.append(batch(names.map((name) => span(name, { trace: `batch ${number}`, request: `r${number}` }))));
    process.stdout.write(`${number}\n`);
  }
};

await Promise.all([writeForever(), writeForever(), writeForever()]);
