/**
 * Wall times of segment documents: seconds since 1970 as a JSON number, `1767225600.315` or, as X-Ray writes them,
 * `1.767225600315E9`. Read from their digits: as a double a time of today is a tenth of a microsecond off.
 */
import type { UnixNano } from "../../model/time.ts";

/** The digits of a number in a document; everywhere else it is that number. */
export class Seconds {
  readonly digits: string;

  constructor(digits: string) {
    this.digits = digits;
  }

  toJSON(): number {
    return Number(this.digits);
  }
}

const DECIMAL = /^(\d{1,40})(?:\.(\d{1,40}))?(?:[eE]([+-]?\d{1,3}))?$/;
const MAX_UNIX_NANO = 2n ** 64n - 1n;
const NANO = 9;

/** undefined: no time, before 1970, or beyond what OTLP holds. */
export const unixNanoOf = (digits: string): UnixNano | undefined => {
  const [, whole, fraction = "", exponent = "0"] = DECIMAL.exec(digits) ?? [];
  if (whole === undefined) return undefined;
  const point = whole.length + Number(exponent) + NANO;
  if (point > 60) return undefined;
  const nano = BigInt(point <= 0 ? 0 : (whole + fraction).slice(0, point).padEnd(point, "0"));
  return nano > 0n && nano <= MAX_UNIX_NANO ? nano : undefined;
};
