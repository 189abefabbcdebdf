/** A moment as a flag: RFC 3339, Unix nanoseconds, or how long ago (`90m`, `6h`, `7d`). */
import { ConfigError } from "../errors.ts";
import type { UnixNano } from "../model/time.ts";
import { parseUnixNano } from "../model/time-text.ts";

const AGO = /^(\d{1,9})([smhd])$/;
const SECONDS = { s: 1n, m: 60n, h: 3600n, d: 86_400n };

export const timeOf = (flag: string, text: string, now: UnixNano): UnixNano => {
  const [, count, unit] = AGO.exec(text) ?? [];
  const time =
    count === undefined
      ? parseUnixNano(text)
      : now - BigInt(count) * SECONDS[unit as keyof typeof SECONDS] * 1_000_000_000n;
  if (time !== undefined && time >= 0n) return time;
  throw new ConfigError(
    "config-invalid",
    `${flag} is "${text}", expected RFC 3339, Unix nanoseconds, or how long ago, as 6h`,
  );
};
