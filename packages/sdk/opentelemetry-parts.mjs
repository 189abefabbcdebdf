/** What is left out of OpenTelemetry's classes: they tell a logger that nobody sets in this copy, and `console.log` how a span looks. */
import { parseAst } from "rolldown/parseAst";
import { edited, walk } from "./syntax-tree.mjs";

export const quietOpenTelemetry = {
  name: "quiet-opentelemetry",
  transform: {
    filter: { id: /[\\/]node_modules[\\/]@opentelemetry[\\/]/ },
    handler: (code) => ({ code: quiet(code), map: null }),
  },
};

const quiet = (code) => {
  const edits = [];
  walk(parseAst(code), (node) => {
    if (isComplaint(node)) edits.push({ ...node, by: ";" });
    if (isInspection(node)) edits.push({ ...node, by: "" });
    return undefined;
  });
  return edited(code, edits);
};

/** `diag.warn("…")`, `api.diag.debug("…")`: a statement of its own. */
const isComplaint = ({ type, expression }) =>
  type === "ExpressionStatement" &&
  expression.type === "CallExpression" &&
  expression.callee.type === "MemberExpression" &&
  nameOf(expression.callee.object) === "diag" &&
  expression.callee.property.name !== "setLogger";

const nameOf = (node) => (node.type === "MemberExpression" ? node.property.name : node.name);

const isInspection = ({ type, computed, key }) =>
  type === "MethodDefinition" && computed && key.name === "inspectCustom";
