/**
 * Arrow functions → function expressions.
 *
 * V8 takes the parenthesis before `(a, b) => …` for the start of a call like `(function () {})()` and compiles the arrow's body at
 * once instead of at its first call. Of this bundle that is half the time it takes to load, for functions most of which an invocation
 * never calls. An arrow with one bare parameter has no parenthesis and is left alone; so is one that uses `this` or `arguments`, and one that is
 * handed to a call, which mostly happens right away.
 */
import { parseAst } from "rolldown/parseAst";

export const lazyFunctions = {
  name: "lazy-functions",
  renderChunk: (code) => ({ code: withLazyFunctions(code), map: null }),
};

const withLazyFunctions = (code) => {
  const edits = [];
  const handedOver = new Set();
  walk(parseAst(code), (node) => {
    if (/^(?:Call|New)Expression$/.test(node.type)) for (const one of node.arguments) handedOver.add(one);
    if (node.type !== "ArrowFunctionExpression" || handedOver.has(node)) return undefined;
    if (!isBare(node) && !usesThis(node.body) && !node.params.some(usesThis)) edits.push(...asFunction(node));
    return undefined;
  });
  let at = 0;
  const pieces = edits
    .toSorted((a, b) => a.start - b.start)
    .map(({ start, end, by }) => {
      const piece = code.slice(at, start) + by;
      at = end;
      return piece;
    });
  return pieces.join("") + code.slice(at);
};

/** Printed without a parenthesis. */
const isBare = ({ params }) => params.length === 1 && params[0].type === "Identifier";

const asFunction = ({ start, end, params, body, async: isAsync }) => {
  const isExpression = body.type !== "BlockStatement";
  const head = isAsync ? "async function(" : "function(";
  const open = isExpression ? ") { return " : ") ";
  const [from, to] = [params[0]?.start ?? body.start, params.at(-1)?.end ?? body.start];
  const edits =
    params.length === 0
      ? [{ start, end: body.start, by: head + open }]
      : [
          { start, end: from, by: head },
          { start: to, end: body.start, by: open },
        ];
  // What lies between the two ends is the parenthesis around an object.
  return isExpression ? [...edits, { start: body.end, end, by: "; }" }] : edits;
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

const walk = (node, visit) => {
  if (visit(node) === "skip") return;
  for (const child of Object.values(node).flat()) if (typeof child?.type === "string") walk(child, visit);
};
