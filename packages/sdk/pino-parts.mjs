/**
 * What pino falls back to where JSON.stringify throws (cycles, big integers): a fiftieth of safe-stable-stringify, which brings much
 * that pino does not ask for. It goes into the bundle as text, so it must stand alone.
 */
import { basename } from "node:path";

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

/**
 * Ways within pino that nothing of ours takes: closed, so that the bundler leaves out what lies behind them. log/logger.ts gives a
 * destination, a level that config.ts has checked, and bindings without options.
 */
const CLOSED = {
  "pino.js": [
    // Options that may be a path, a stream or a transport.
    [
      "const normalize = createArgsNormalizer(defaultOptions)",
      `const normalize = (_instance, _caller, given, stream) => {
        const formatters = { ...defaultOptions.formatters, ...given.formatters }
        return { opts: { ...defaultOptions, onChild: noop, ...given, formatters }, stream }
      }`,
    ],
    ["if (stream && stream[transportUsesMultistreamSym] === true)", "if (false)"],
    ["assertDefaultLevelFound(level, customLevels, useOnlyCustomLevels)", ""],
    ["assertLevelComparison(levelComparison)", ""],
  ],
  "proto.js": [["if (options == null)", "if (true)"]],
  "tools.js": [
    // A loop over characters, which is fast only where it is compiled.
    ["nodeMajor >= 25", "true"],
    ["const [nodeMajor] = process.versions.node.split('.').map(v => Number(v))", ""],
    // A channel on which it would tell of each line before it is redacted.
    ["const asJsonChan = diagChan.tracingChannel('pino_asJson')", ""],
    ["if (asJsonChan.hasSubscribers === false)", "if (true)"],
  ],
};

const withoutWays = (code, id) => {
  let open = code;
  for (const [way, closed] of CLOSED[basename(id)] ?? []) {
    if (open.split(way).length !== 2) throw new Error(`${id} has no way ${way}`);
    open = open.replace(way, () => closed);
  }
  return open;
};

/** pino's modules are CommonJS, of which a bundler keeps everything: as ES modules only what is used of them stays. */
export const pinoAsModules = {
  name: "pino-as-modules",
  transform: {
    filter: { id: /[\\/]node_modules[\\/]pino[\\/](?:pino|lib[\\/]\w+)\.js$/ },
    handler: (code, id) => ({ code: asModule(withoutWays(code, id), id), map: null }),
  },
};

const asModule = (code, id) => {
  const module = code
    .replace("'use strict'", "")
    // What pino has besides, under names of its own.
    .replaceAll(/^module\.exports\.\w+ = (?:[^\n]*\{\n[^]*?\n\}|.*)$/gm, "")
    .replace("const symbols = require('./lib/symbols')", "")
    .replaceAll(/^const (\{[^}]*\}|\w+) = require\(('[^']+')\)$/gm, "import $1 from $2")
    .replaceAll(/^const (\{[^}]*\}) = symbols$/gm, "import $1 from './lib/symbols'")
    .replace(/^module\.exports = (\{\n[^}]*\})/m, "export $1")
    .replace(/^module\.exports = \{ (\w+): (.*) \}$/m, "export const $1 = $2")
    .replace(/^module\.exports = pino$/m, "export { pino }")
    .replace(/^module\.exports = /m, "export default ");
  if (/\brequire\(|module\.exports/.test(module)) throw new Error(`${id} is not written as it was`);
  return module;
};
