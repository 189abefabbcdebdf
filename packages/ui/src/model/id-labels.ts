/**
 * Ids of stitched traces, short and yet apart from each other: `<traceId>.<spanId>` by the half that differs, a
 * placeholder (`kind|scope|id`) by the id of what it stands for.
 */
export const idLabels = (ids: readonly string[]): readonly string[] => {
  const parts = ids.map(partsOf);
  const attempts = [parts.map(([first]) => beginning(first)), parts.map(([, second]) => beginning(second))];
  return attempts.find(areApart) ?? parts.map(([, second]) => second);
};

const areApart = (labels: readonly string[]): boolean => new Set(labels).size === labels.length;

/** The trace, and what of it. */
const partsOf = (id: string): readonly [string, string] => {
  if (id.includes("|")) {
    const key = id.slice(id.lastIndexOf("|") + 1);
    const last = key.slice(key.lastIndexOf(":") + 1);
    return [last, last];
  }
  const [traceId = "", spanId = ""] = id.split(".");
  return [traceId, isNothing(spanId) ? traceId : spanId];
};

/** A trace whose caller never arrived has no span at its root. */
const isNothing = (spanId: string): boolean => /^0*$/.test(spanId);

const beginning = (id: string): string => id.slice(0, 8);
