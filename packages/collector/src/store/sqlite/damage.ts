/** What SQLite or the file system says of a file, as a StoreError; other errors are none of theirs and stay as they are. */
import { StoreError } from "../../errors.ts";

/** Of SQLite's codes; a write that failed is no damage, the disk may have room again. */
const DAMAGE = /^SQLITE_(?:CORRUPT|NOTADB|FORMAT|IOERR_READ|IOERR_SHORT_READ)/;

/** That a file's content is not what was written, and not that the disk refuses. */
export const isDamage = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  if (error instanceof StoreError && error.code === "store-corrupt") return true;
  return ("code" in error && DAMAGE.test(String(error.code))) || isDamage(error.cause);
};

/** That there is no room, or that the disk takes nothing for another reason: what is stored is as it was. */
const REFUSAL = /^(?:SQLITE_FULL|SQLITE_IOERR_(?!READ|SHORT_READ)|ENOSPC|EDQUOT|EFBIG)/;

export const isRefusal = (error: unknown): boolean =>
  error instanceof Error && (("code" in error && REFUSAL.test(String(error.code))) || isRefusal(error.cause));

export const storeErrorOf = (what: string, error: unknown): unknown => {
  if (error instanceof StoreError || !(error instanceof Error) || !("code" in error)) return error;
  const code = DAMAGE.test(String(error.code)) ? "store-corrupt" : "store-failed";
  return new StoreError(code, `cannot ${what}: ${error.message} (${String(error.code)})`, { cause: error });
};
