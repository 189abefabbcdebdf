/**
 * Arrow functions → function expressions: V8 passes over the body of one and compiles it at its first call, but reads an arrow's body
 * whole and compiles it at the first call all the same. Of the 71 million instructions that this bundle with arrows adds to a bare
 * function's cold start, this spares 4. Bundlers keep them.
 *
 * In parentheses, `(function () {…})`, V8 would compile a function as it reads it. For what a cold start calls that spares 6 million
 * more, but it is not to be seen in the time of one, and costs 1.6 MB of memory in the layer.
 *
 * Left alone: a short arrow; one that uses `this` or `arguments`; one that is handed to a call, which mostly happens right away; and one
 * with a single bare parameter, for its shortness.
 */
import { parseAst } from "rolldown/parseAst";
import { edited, walk } from "./syntax-tree.mjs";

export const lazyFunctions = {
  name: "lazy-functions",
  renderChunk: (code) => ({ code: withLazyFunctions(code), map: null }),
};

const withLazyFunctions = (code) => {
  const arrows = [];
  const handedOver = new Set();
  walk(parseAst(code), (node) => {
    if (/^(?:Call|New)Expression$/.test(node.type)) for (const one of node.arguments) handedOver.add(one);
    if (node.type === "ArrowFunctionExpression" && !handedOver.has(node)) arrows.push(node);
    return undefined;
  });
  // The inner before the outer: where two end at one place, so do their edits.
  const edits = arrows
    .toReversed()
    .filter((node) => isLong(code, node) && !isBare(node) && !usesThis(node.body) && !node.params.some(usesThis))
    .flatMap(asFunction);
  return edited(code, edits);
};

/** In characters, with its names as they are in the source. To leave out what is shorter costs no instruction and spares 1.5 kB. */
const LONG = 80;

const isLong = (code, { body }) => code.slice(body.start, body.end).replaceAll(/\s+/g, " ").length >= LONG;

/** Printed without a parenthesis. */
const isBare = ({ params }) => params.length === 1 && params[0].type === "Identifier";

const asFunction = ({ start, end, params, body, async: isAsync }) => {
  const isExpression = body.type !== "BlockStatement";
  const head = `${isAsync ? "async " : ""}function(`;
  const open = isExpression ? ") { return " : ") ";
  const close = isExpression ? "; }" : "";
  const [from, to] = [params[0]?.start ?? body.start, params.at(-1)?.end ?? body.start];
  return [
    ...(params.length === 0
      ? [{ start, end: body.start, by: head + open }]
      : [
          { start, end: from, by: head },
          { start: to, end: body.start, by: open },
        ]),
    // What lies between the two ends is the parenthesis around an object.
    { start: body.end, end, by: close },
  ];
};

/** Through arrows, which have no `this` of their own; not into functions, which have. */
const usesThis = (node) => {
  let uses = false;
  walk(node, (inner) => {
    if (inner.type.startsWith("Function")) return "skip";
    uses ||= inner.type === "ThisExpression" || inner.type === "Super" || inner.type === "MetaProperty";
    uses ||= inner.type === "Identifier" && inner.name === "arguments";
    return undefined;
  });
  return uses;
};
