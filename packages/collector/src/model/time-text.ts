/** Wall time as people and programs write it. */
import type { UnixNano } from "./time.ts";

export const UNIX_NANO = /^\d{1,19}$/;
export const RFC_3339 = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)$/;

/**
 * A wall time as Unix nanoseconds in decimal digits, or in RFC 3339, whose zone is part of it and whose fraction is
 * kept to the nanosecond; undefined when it is neither, or before 1970.
 */
export const parseUnixNano = (text: string): UnixNano | undefined => {
  if (UNIX_NANO.test(text)) return BigInt(text);
  const [, date, time, fraction = "", zone = ""] = RFC_3339.exec(text) ?? [];
  if (!isOnTheCalendar(`${date}T${time}`)) return undefined;
  const ms = Date.parse(`${date}T${time}${zone.toUpperCase()}`);
  return ms >= 0 ? BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, "0")) : undefined;
};

/** As people read it, to the second. */
export const rfc3339 = (time: UnixNano): string =>
  new Date(Number(time / 1_000_000n)).toISOString().replace(/\.\d+/, "");

/** Date.parse takes the 30th of February for the 2nd of March. */
const isOnTheCalendar = (dateTime: string): boolean => {
  const ms = Date.parse(`${dateTime}Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(dateTime);
};
