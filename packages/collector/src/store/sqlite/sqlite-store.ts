/** The embedded store, both sides of it in this thread: for tests and for programs that do one thing. */
import type { Store } from "../store.ts";
import { openReader } from "./reader.ts";
import { openSealedReader } from "./sealed-reader.ts";
import { type WriterOptions, openWriter } from "./writer.ts";

export const openStore = (options: WriterOptions): Store => {
  const writer = openWriter(options);
  const reader = openReader({ ...options, openSealed: openSealedReader });
  return {
    ...writer,
    ...reader,
    async close() {
      await writer.close();
      await reader.close();
    },
  };
};
