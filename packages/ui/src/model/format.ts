/**
 * Numbers for people: three figures that matter, one space before the unit, the same words everywhere. Exact values
 * belong into titles and copies, not here.
 */
const NBSP = "\u00a0";

const withUnit = (value: number, unit: string): string => `${threeFigures(value)}${NBSP}${unit}`;

const threeFigures = (value: number): string => {
  const size = Math.abs(value);
  return value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
};

/** 1.24 s, 318 ms, 4.10 µs, 2 m 05 s, 3 h 12 m. */
export const formatDuration = (durationNs: number): string => {
  const size = Math.abs(durationNs);
  if (size === 0) return `0${NBSP}ms`;
  if (size < 999.5) return `${Math.round(durationNs)}${NBSP}ns`;
  if (size < 999_500) return withUnit(durationNs / 1e3, "µs");
  if (size < 999_500_000) return withUnit(durationNs / 1e6, "ms");
  if (size < 59.95e9) return withUnit(durationNs / 1e9, "s");
  return formatLong(durationNs);
};

const formatLong = (durationNs: number): string => {
  const seconds = Math.round(Math.abs(durationNs) / 1e9);
  const sign = durationNs < 0 ? "-" : "";
  const pad = (value: number): string => String(value).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${sign}${minutes}${NBSP}m ${pad(seconds % 60)}${NBSP}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${sign}${hours}${NBSP}h ${pad(minutes % 60)}${NBSP}m`;
  return `${sign}${Math.floor(hours / 24)}${NBSP}d ${hours % 24}${NBSP}h`;
};

/** For an axis: one unit for all ticks, chosen by the largest; as many decimals as the step needs. */
export const formatTick = (ns: number, stepNs: number, largestNs: number): string => {
  const [size, unit] = UNITS_NS.find(([least]) => largestNs >= least) ?? [1, "ns"];
  const decimals = Math.max(0, -Math.floor(Math.log10(stepNs / size) + 1e-9));
  return ns === 0 ? "0" : `${(ns / size).toFixed(decimals)}${NBSP}${unit}`;
};

const UNITS_NS = [
  [1e9, "s"],
  [1e6, "ms"],
  [1e3, "µs"],
] as const;

/** 842, 41.2 k, 3.10 M. */
export const formatCount = (count: number): string => {
  if (count < 10_000) return count.toLocaleString("en-US");
  return count < 999_500 ? withUnit(count / 1e3, "k") : withUnit(count / 1e6, "M");
};

/** 812 B, 4.1 MB. */
export const formatBytes = (bytes: number): string => {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let at = 0;
  while (value >= 999.5 && at < units.length - 1) {
    value /= 1000;
    at += 1;
  }
  return `${value.toFixed(at === 0 || value >= 99.95 ? 0 : 1)}${NBSP}${units[at]}`;
};

/** 0 %, 0.4 %, 26 %: of a whole. */
export const formatShare = (share: number): string => {
  const percent = share * 100;
  return `${percent.toFixed(percent > 0 && percent < 0.95 ? 1 : 0)}${NBSP}%`;
};

/** now, 12 s, 4 min, 3 h, 2 d: how long ago, in one unit. */
export const formatAge = (ageMs: number): string => {
  const seconds = Math.max(0, Math.floor(ageMs / 1000));
  if (seconds < 2) return "now";
  if (seconds < 60) return `${seconds}${NBSP}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}${NBSP}min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}${NBSP}h`;
  return `${Math.floor(seconds / 86_400)}${NBSP}d`;
};

/** +0 ms, +318 ms, −12.0 ms: a moment by its distance from the beginning. */
export const formatOffset = (ns: number): string => `${ns < 0 ? "−" : "+"}${formatDuration(Math.abs(ns))}`;

/** The same for a moment that is known to the millisecond only: +13 ms, +1.24 s. */
export const formatWholeMsOffset = (ns: number): string =>
  Math.abs(ns) < 999_500_000
    ? `${ns <= -500_000 ? "−" : "+"}${Math.round(Math.abs(ns) / 1e6)}${NBSP}ms`
    : formatOffset(ns);

/** 2026-01-31 12:00:00.123, local. */
export const formatTime = (unixMillis: number): string => {
  const date = new Date(unixMillis);
  const pad = (value: number, width = 2): string => String(value).padStart(width, "0");
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  return `${day} ${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}.${pad(date.getMilliseconds(), 3)}`;
};

/** The ends of an axis, both with what they differ by: times of one day without it, times of several as days. */
export const axisTimes = (fromMillis: number, toMillis: number): readonly [from: string, to: string] => {
  const [from, to] = [formatTime(fromMillis), formatTime(toMillis)];
  const [dayOf, minuteOf] = [(text: string) => text.slice(0, 10), (text: string) => text.slice(5, 16)];
  if (dayOf(from) === dayOf(to)) return [from.slice(11, 19), to.slice(11, 19)];
  return toMillis - fromMillis < 3 * 86_400_000 ? [minuteOf(from), minuteOf(to)] : [dayOf(from), dayOf(to)];
};

/** One thing, two things. */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`;
