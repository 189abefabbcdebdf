/** Wall time: nanoseconds since 1970, exact. */
export type UnixNano = bigint;

/** A span of time in nanoseconds; a number is exact up to 104 days. */
export type DurationNs = number;

/** Never negative: senders' clocks step back, and an end before its start counts as the start. */
export const durationNs = (start: UnixNano, end: UnixNano): DurationNs => (end > start ? Number(end - start) : 0);
