/** Log records of a function, a level, a time, with a text: newest first, as newest-first.ts reads them. */
import { crc32 } from "node:zlib";
import { matchesLog } from "../../model/log-filter.ts";
import { type LogRecord, lineName } from "../../model/log-record.ts";
import type { UnixNano } from "../../model/time.ts";
import type { LogHits, LogSearch } from "../store.ts";
import { FUNCTION_WORD, LEVEL_WORD } from "../terms.ts";
import { Walk, tagOf } from "../walk.ts";
import type { Finder } from "./found.ts";
import { type Item, newestFirst } from "./newest-first.ts";
import type { Records } from "./records.ts";

interface Deps {
  readonly finder: Finder;
  readonly records: Records;
}

export const createLogSearch = ({ finder, records }: Deps): ((search: LogSearch) => Promise<LogHits>) => {
  const timeOf = createLogTime();
  return async (search) => {
    const { functionName, levels, from, to, limit, cursor } = search;
    const { items, cursor: next } = await newestFirst<LogRecord>(
      {
        signal: "logs",
        all: functionName === undefined ? [] : [{ attribute: FUNCTION_WORD, value: functionName }],
        any: (levels ?? []).map((level) => ({ attribute: LEVEL_WORD, value: level })),
        ...(from !== undefined && { from }),
        ...(to !== undefined && { to }),
        limit,
        ...(cursor !== undefined && { cursor }),
        *itemsOf(block, row, isWanted) {
          const bytes = block.record(row);
          if (!isWanted(timeOf(bytes) || block.arrivedAt(row))) return;
          const log = records.log(block, row);
          if (matchesLog(log, search)) yield itemOf(log, bytes);
        },
      },
      finder,
    );
    return { logs: items, ...(next !== undefined && { cursor: next }) };
  };
};

const itemOf = (log: LogRecord, bytes: Uint8Array): Item<LogRecord> => {
  const name = lineName(log);
  return { time: log.time, tie: crc32(bytes), value: log, ...(name !== undefined && { name }) };
};

const TIME = tagOf(1, "fixed64");
const OBSERVED_TIME = tagOf(11, "fixed64");

/** Without decoding the rest. 0: it says none. */
const createLogTime = (): ((record: Uint8Array) => UnixNano) => {
  const walk = new Walk();
  return (record) => {
    const view = new DataView(record.buffer, record.byteOffset, record.length);
    let [time, observed] = [0n, 0n];
    walk.position = 0;
    while (walk.next(record, record.length)) {
      if (walk.tag === TIME) time = view.getBigUint64(walk.start, true);
      else if (walk.tag === OBSERVED_TIME) observed = view.getBigUint64(walk.start, true);
    }
    return time || observed;
  };
};
