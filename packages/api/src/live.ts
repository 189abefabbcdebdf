/** `GET /api/live`: server-sent events; `trace` has a `TraceSummary`, `missed` a `LiveMissed`. */
import type { Count } from "./index.ts";

/** There were rows that were not told; the list has them. */
export interface LiveMissed {
  /** Those that a slow reader had no time for; absent where it is not known how many. */
  readonly count?: Count;
}
