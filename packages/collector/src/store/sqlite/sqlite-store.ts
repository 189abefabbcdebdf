/** The embedded store, both sides of it in this thread: for tests and for programs that do one thing. */
import { StoreError } from "../../errors.ts";
import type { Store } from "../store.ts";
import type { PartitionReader } from "./partition-reader.ts";
import { openReader } from "./reader.ts";
import { type WriterOptions, openWriter } from "./writer.ts";

export const openStore = (options: WriterOptions): Store => {
  const writer = openWriter(options);
  const reader = openReader({ ...options, openSealed });
  return {
    ...writer,
    ...reader,
    async close() {
      await writer.close();
      await reader.close();
    },
  };
};

const openSealed = (path: string): PartitionReader => {
  throw new StoreError("store-newer", `cannot open ${path}: this Mayfly seals no partitions yet`);
};
