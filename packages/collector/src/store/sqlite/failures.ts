/** What SQLite refuses is the disk's turn; everything else is a bug and stays what it is. */
import Database from "better-sqlite3";
import { StoreError } from "../../errors.ts";

export const attempt = <T>(what: string, action: () => T): T => {
  try {
    return action();
  } catch (error) {
    return failed(what)(error);
  }
};

export const failed =
  (what: string) =>
  (error: unknown): never => {
    if (!(error instanceof Database.SqliteError)) throw error;
    throw new StoreError("store-failed", `cannot ${what}: ${error.message} (${error.code})`, { cause: error });
  };
