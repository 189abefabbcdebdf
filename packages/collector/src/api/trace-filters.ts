/** The filters that the list of traces and everything counted over it have in common. */
import { type Static, Type } from "../schema.ts";
import type { UnixNano } from "../model/time.ts";
import type { Filters } from "../query/list.ts";
import { parseQuery } from "../query/parse.ts";
import { Time, unixNanoOf } from "./parameters.ts";

export const FILTER_PARAMETERS = {
  from: Time("The trace's first span starts then or later."),
  to: Time("The trace's first span starts then or earlier."),
  function: Type.Optional(Type.String({ maxLength: 256, description: "A function that took part." })),
  q: Type.Optional(
    Type.String({
      description: "A query, or text; docs/reference/query.md is its grammar.",
      examples: ['function:checkout status:error duration:>1s "card declined"'],
    }),
  ),
  minDurationMs: Type.Optional(Type.Number({ minimum: 0, description: "It takes at least this long." })),
  status: Type.Optional(
    Type.Union([Type.Literal("ok"), Type.Literal("error")], {
      description: "`error`: some span of it failed; `ok`: none did.",
    }),
  ),
};

const FilterParameters = Type.Object(FILTER_PARAMETERS);

export const filtersOf = (raw: Static<typeof FilterParameters>): Filters => {
  return {
    ...timesOf(raw),
    ...(raw.function !== undefined && { function: raw.function }),
    ...(raw.q !== undefined && raw.q !== "" && { query: parseQuery(raw.q) }),
    ...(raw.minDurationMs !== undefined && { minDurationMs: raw.minDurationMs }),
    ...(raw.status !== undefined && { status: raw.status }),
  };
};

/** Inclusive bounds. */
export const timesOf = ({
  from,
  to,
}: {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}): { readonly from?: UnixNano; readonly to?: UnixNano } => ({
  ...(from !== undefined && { from: unixNanoOf("from", from) }),
  ...(to !== undefined && { to: unixNanoOf("to", to) }),
});
