/**
 * Queries by JSONata: what stands in `{% %}` in a state's fields, with `$states` and the machine's variables.
 *
 * In      a field as the definition has it, at any depth; `$states.input`, `.context`, and where there are any `.result`, `.errorOutput`.
 * Out     the same with every expression's value in its place.
 * Errors  States.QueryEvaluationError, also where an expression has no value.
 * Source  states-language.net, "JSONata"; AWS Step Functions developer guide, "Transforming data with JSONata".
 */
import jsonata from "jsonata";
import { StatesError } from "./states-error.ts";

export type Variables = Readonly<Record<string, unknown>>;

const EXPRESSION = /^\{%\s*([^]*?)\s*%\}$/;

export const queried = async (template: unknown, states: object, variables: Variables): Promise<unknown> => {
  if (typeof template === "string") {
    const [, expression] = EXPRESSION.exec(template) ?? [];
    return expression === undefined ? template : evaluated(expression, states, variables);
  }
  if (Array.isArray(template)) return Promise.all(template.map((one) => queried(one, states, variables)));
  if (typeof template !== "object" || template === null) return template;
  const entries = Object.entries(template).map(async ([key, value]) => [key, await queried(value, states, variables)]);
  return Object.fromEntries(await Promise.all(entries)) as unknown;
};

const evaluated = async (expression: string, states: object, variables: Variables): Promise<unknown> => {
  let value: unknown;
  try {
    value = await jsonata(expression).evaluate(undefined, { ...variables, states });
  } catch (error) {
    throw new StatesError("States.QueryEvaluationError", (error as Error).message);
  }
  if (value === undefined)
    throw new StatesError("States.QueryEvaluationError", `the expression ${JSON.stringify(expression)} has no value`);
  return JSON.parse(JSON.stringify(value)) as unknown; // a sequence of JSONata's is an array with more on it
};

/** Why expressions in these fields cannot be read. */
export const expressionProblems = (fields: unknown): readonly string[] => {
  if (typeof fields === "object" && fields !== null) return Object.values(fields).flatMap(expressionProblems);
  const [, expression] = (typeof fields === "string" && EXPRESSION.exec(fields)) || [];
  if (expression === undefined) return [];
  try {
    jsonata(expression);
    return [];
  } catch (error) {
    return [`the expression ${JSON.stringify(expression)} cannot be read: ${(error as Error).message}`];
  }
};
