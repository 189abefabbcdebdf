/**
 * Group commit: everything that waits when the disk is free shares one transaction, and so one fsync.
 *
 * A batch's promise settles after its commit. A group that fails is tried again batch by batch, so that one bad batch
 * does not take its neighbours with it.
 *
 *   append a ─┐                     ┌─ a resolves
 *   append b ─┼─ setImmediate ─ commit ─ b resolves
 *   append c ─┘   (c arrives while committing: the next group)
 *
 * Bounds  `maxWaiting` batches; one more is refused with OverloadError.
 */
import type { Database } from "better-sqlite3";
import { OverloadError } from "../../errors.ts";
import type { AppendResult, Batch } from "../store.ts";

interface Waiting {
  readonly batch: Batch;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: unknown) => void;
}

interface Deps {
  readonly db: Database;
  readonly append: (batch: Batch) => AppendResult;
  readonly maxWaiting: number;
}

export interface GroupCommit {
  append(batch: Batch): Promise<AppendResult>;
  /** Commits what waits. */
  flush(): void;
}

export const createGroupCommit = ({ db, append, maxWaiting }: Deps): GroupCommit => {
  let waiting: Waiting[] = [];
  const commit = db.transaction((group: readonly Waiting[]) => group.map(({ batch }) => append(batch)));

  const settle = (group: readonly Waiting[]): void => {
    try {
      const results = commit.immediate(group);
      for (const [index, { resolve }] of group.entries()) resolve(results[index] ?? "stored");
    } catch (error) {
      if (group.length > 1) for (const one of group) settle([one]);
      else for (const one of group) one.reject(error);
    }
  };

  const flush = (): void => {
    const group = waiting;
    waiting = [];
    if (group.length > 0) settle(group);
  };

  return {
    append: (batch) =>
      new Promise((resolve, reject) => {
        if (waiting.length >= maxWaiting) {
          reject(new OverloadError("overloaded", `${waiting.length} batches wait for the disk already`));
          return;
        }
        if (waiting.length === 0) setImmediate(flush);
        waiting.push({ batch, resolve, reject });
      }),
    flush,
  };
};
