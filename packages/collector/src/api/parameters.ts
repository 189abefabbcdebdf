/** Query parameters that several routes share. A parameter that no schema names is refused. */
import { Type } from "../schema.ts";
import { InputError } from "../errors.ts";
import type { UnixNano } from "../model/time.ts";
import { parseUnixNano, RFC_3339, UNIX_NANO } from "../model/time-text.ts";

export const NoQuery = Type.Object({}, { additionalProperties: false });

const TIME = "Unix nanoseconds, or RFC 3339 with its zone, such as 2026-01-31T12:00:00Z";

/** What a pattern cannot say (the 30th of February) `unixNanoOf` refuses. */
export const Time = (description: string) =>
  Type.Optional(Type.String({ title: TIME, pattern: `${UNIX_NANO.source}|${RFC_3339.source}`, description }));

export const unixNanoOf = (name: string, text: string): UnixNano => {
  const time = parseUnixNano(text);
  if (time === undefined) throw badParameter(name, text, TIME);
  return time;
};

export const badParameter = (name: string, value: string, expected: string): InputError =>
  new InputError("bad-parameter", `${name}: expected ${expected}, got ${JSON.stringify(value)}`);
