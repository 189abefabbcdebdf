/** Summaries in derived.db (derived-file.ts). On a full disk, as reserve.ts says, those of a few traces are written. */
import type { Summaries, SummaryChange } from "../summaries.ts";
import { openDerived } from "./derived-file.ts";
import { attempt } from "./failures.ts";
import { checkRoom, RESERVE_BYTES, refillReserve } from "./reserve.ts";
import { createReads } from "./summary-reads.ts";
import { createSummaryRows } from "./summary-rows.ts";
import { createWrites } from "./summary-writes.ts";

export const createSqliteSummaries = ({ dataDir }: { readonly dataDir: string }): Summaries => {
  const db = openDerived(dataDir);
  const rows = createSummaryRows(db);
  const reads = createReads(db, rows);
  const writes = createWrites(db, rows, reads.checkpoint);
  const apply = db.transaction((change: SummaryChange) => writes.apply(change));
  const sweptTo = db.transaction((mark: string) => writes.sweptTo(mark));
  const clear = db.transaction(() => writes.clear());
  const asked = async <T>(action: () => T): Promise<T> => attempt("read summaries", action);
  const told = async <T>(action: () => T): Promise<T> => {
    refillReserve(dataDir, RESERVE_BYTES / 2);
    try {
      return attempt("write summaries", action);
    } catch (error) {
      rows.forget();
      throw error;
    }
  };
  return {
    checkpoint: () => asked(reads.checkpoint),
    apply: (change) => told(() => apply.immediate(change)),
    sweptTo: () => asked(reads.sweptTo),
    setSweptTo: (mark) => told(() => sweptTo.immediate(mark)),
    checkRoom: async () => checkRoom(dataDir),
    clear: () => told(() => clear.immediate()),
    page: (query) => asked(() => reads.page(query)),
    ofTraces: (traceIds, limit) => asked(() => reads.ofTraces(traceIds, limit)),
    ofUnits: (paths, limit) => asked(() => reads.ofUnits(paths, limit)),
    terms: (kind, prefix, limit) => asked(() => reads.terms(kind, prefix, limit)),
    count: () => asked(reads.count),
    close: async () => void db.close(),
  };
};
