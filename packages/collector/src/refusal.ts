/** How a route's parameters are checked, and how a refusal looks: the same wherever routes are served. */
import type { ErrorBody } from "@mayfly/api";
import type { FastifyReply, FastifySchemaValidationError } from "fastify";
import { InputError } from "./errors.ts";
import { httpProblem } from "./http-status.ts";

export const sendProblem = (error: unknown, reply: FastifyReply): FastifyReply => {
  const { status, code, message, headers, at } = httpProblem(error);
  return reply
    .code(status)
    .headers(headers)
    .send({ error: { code, message, ...(at && { at }) } } satisfies ErrorBody);
};

/** With `verbose`, each also has what was given and the schema that it broke. */
type Violation = FastifySchemaValidationError & { readonly data?: unknown; readonly parentSchema?: ParameterSchema };

interface ParameterSchema {
  readonly type?: "string" | "array" | "boolean" | "integer" | "number" | "object";
  readonly const?: string;
  readonly anyOf?: readonly ParameterSchema[];
  /** Of a text with a pattern: what it means. */
  readonly title?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** The last says it of the whole: of the choices of an `anyOf`, that it is none of them. */
const refusedParameter = (violations: readonly FastifySchemaValidationError[], where: string): InputError =>
  new InputError("bad-parameter", problemOf(violations.at(-1) as Violation, where));

const problemOf = ({ keyword, params, instancePath, data, parentSchema = {} }: Violation, where: string): string => {
  const names = Object.keys(parentSchema.properties ?? {});
  if (keyword === "additionalProperties")
    return `${String(params["additionalProperty"])} is not a parameter here; ${names.length === 0 ? "there are none" : `there are ${names.join(", ")}`}`;
  if (keyword === "required") return `${String(params["missingProperty"])} is missing`;
  const [, name = where] = instancePath.split("/");
  // What a body has may be a key.
  const given = where === "body" ? "something else" : shortened(JSON.stringify(data));
  return `${name}: expected ${expected(parentSchema)}, got ${given}`;
};

const expected = (schema: ParameterSchema): string => {
  const { type, anyOf, title } = schema;
  if (title !== undefined) return title;
  if (anyOf !== undefined) return `one of ${anyOf.map((one) => one.const).join(", ")}`;
  if (type === "string") return `a text${between(schema.minLength, schema.maxLength, " characters")}`;
  if (type === "array") return `a list${between(schema.minItems, schema.maxItems, " values")}`;
  if (type === "boolean") return "true or false";
  if (type === "object") return "an object";
  return `${type === "integer" ? "an integer" : "a number"}${between(schema.minimum, schema.maximum, "")}`;
};

const between = (least: number | undefined, most: number | undefined, unit: string): string => {
  if (least !== undefined && most !== undefined) return ` from ${least} to ${most}${unit}`;
  if (least !== undefined) return ` of at least ${least}${unit}`;
  return most === undefined ? "" : ` of at most ${most}${unit}`;
};

const MAX_SHOWN = 100;
const shortened = (text: string): string => (text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);

/** Enough for every id in a path: ARNs of executions, object keys. */
const MAX_PARAMETER_LENGTH = 2048;

/** Answers' schemas are for readers (openapi/) and tests: a serializer made of one would drop what it does not know. */
export const wholeAnswers = () => (answer: unknown) => JSON.stringify(answer);

export const ROUTE_OPTIONS = {
  routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
  ajv: { customOptions: { removeAdditional: false, coerceTypes: "array" as const, verbose: true } },
  schemaErrorFormatter: refusedParameter,
};
