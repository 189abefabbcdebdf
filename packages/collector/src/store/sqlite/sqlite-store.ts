/** The embedded store: a writer and a reader over one folder. */
import type { Store, StoreReader, StoreWriter } from "../store.ts";
import { type ReaderOptions, openReader } from "./reader.ts";
import { sealedReaders } from "./sealed-reader.ts";
import { type WriterOptions, openWriter } from "./writer.ts";
import { startWriter } from "./writer-thread.ts";

/** Both in this thread: for tests, and for programs that do one thing. */
export const openStore = (options: WriterOptions): Store => joined(openWriter(options), options);

/** The writer in a thread of its own. `onBug` is told where that dies. */
export const startStore = async (options: WriterOptions, onBug: (error: unknown) => void): Promise<Store> =>
  joined(await startWriter(options, onBug), options);

/** Reading alone, beside whoever writes. */
export const openStoreReader = (options: Omit<ReaderOptions, "openSealed">): StoreReader =>
  openReader({ ...options, openSealed: sealedReaders() });

const joined = (writer: StoreWriter, options: WriterOptions): Store => {
  const reader = openStoreReader(options);
  return {
    ...writer,
    ...reader,
    async close() {
      await writer.close();
      await reader.close();
    },
  };
};
