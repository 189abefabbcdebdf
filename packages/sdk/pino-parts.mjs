/**
 * What pino falls back to where JSON.stringify throws (cycles, big integers): a fiftieth of safe-stable-stringify, which brings much
 * that pino does not ask for. It goes into the bundle as text, so it must stand alone.
 */
export const configure =
  ({ maximumDepth, maximumBreadth }) =>
  (value) => {
    const above = [];
    return JSON.stringify(value, function (_key, one) {
      if (typeof one === "bigint") return JSON.rawJSON(`${one}`);
      if (typeof one !== "object" || one === null) return one;
      while (above.length > 0 && above.at(-1).shown !== this) above.pop();
      if (above.some(({ whole }) => whole === one)) return "[Circular]";
      if (above.length >= maximumDepth) return Array.isArray(one) ? "[Array]" : "[Object]";
      const entries = Object.entries(one);
      const more = entries.length - maximumBreadth;
      const kept = entries.slice(0, maximumBreadth);
      const isList = Array.isArray(one);
      const cut = isList
        ? [...kept.map(([, item]) => item), `${more} more`]
        : { ...Object.fromEntries(kept), "...": `${more} more` };
      const shown = more > 0 ? cut : one;
      above.push({ whole: one, shown });
      return shown;
    });
  };

/** The source text of an expression that takes the place of pino-std-serializers: errors are told by the SDK's own fields. */
export const serializers = `{
  err: (value) =>
    value instanceof Error ? { type: value.name, message: value.message, stack: value.stack } : value,
  mapHttpRequest: ({ method, url }) => ({ req: { method, url } }),
  mapHttpResponse: ({ statusCode }) => ({ res: { statusCode } }),
}`;
