/**
 * Knows the requests of the last hour, so that an exporter's retry of one that was stored is not stored again. Bounded
 * by that hour: each new request forgets the older ones.
 */
import type { Database } from "better-sqlite3";
import type { UnixNano } from "../../model/time.ts";

const REPEAT_WINDOW_NS = 3_600_000_000_000n;

/** Whether this request was stored within the hour before; remembers it when not. */
export const createRequestMemory = (db: Database): ((digest: Uint8Array, receivedAt: UnixNano) => boolean) => {
  const forget = db.prepare<[UnixNano]>("DELETE FROM requests WHERE received_ns < ?");
  const remember = db.prepare<[Uint8Array, UnixNano]>(
    "INSERT OR IGNORE INTO requests (digest, received_ns) VALUES (?, ?)",
  );
  return (digest, receivedAt) => {
    forget.run(receivedAt - REPEAT_WINDOW_NS);
    return remember.run(digest, receivedAt).changes === 0;
  };
};
