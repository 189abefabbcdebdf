/**
 * Holds every answer that a test gets against the schema that its route publishes, closed: a field that no type names is
 * as wrong as one that is missing. What is wrong is answered with 500, and told when the pipeline is closed.
 */
import type { RouteOptions } from "fastify";
import { Compile, type Validator } from "typebox/schema";
import { ANSWER_SCHEMAS } from "../src/openapi/answer-schemas.ts";

export interface Checked {
  readonly onRoute: (route: RouteOptions) => void;
  readonly wrong: readonly string[];
}

export const checkedAnswers = (): Checked => {
  const wrong: string[] = [];
  const check = (what: string, schema: object, payload: string): void => {
    const answer: unknown = JSON.parse(payload);
    const [isRight, errors] = validatorOf(schema).Errors(answer);
    if (isRight) return;
    wrong.push(`${what}: ${errors.map(({ instancePath, message }) => `${instancePath} ${message}`).join("; ")}`);
    throw new Error(wrong.at(-1));
  };
  return {
    wrong,
    onRoute(route) {
      route.onSend = async ({ query, url }, reply, payload) => {
        const { statusCode } = reply;
        const { hide, takes, refusals, response } = route.schema ?? {}; // whole when all hooks have seen it
        const isOtlp = takes !== undefined && refusals === undefined;
        if (hide === true) return;
        if (typeof payload !== "string" || payload === "") return;
        if (statusCode >= 400) {
          if (!isOtlp) check(`${statusCode} ${url}`, ERROR_BODY, payload);
          return;
        }
        const published = ((response ?? {}) as Responses)[statusCode];
        if (published === undefined) {
          wrong.push(`${url}: ${statusCode} is not published`);
          throw new Error(wrong.at(-1));
        }
        const schema = published.content?.["application/json"]?.schema;
        if (schema === undefined || isOtlp) return;
        const [plain = schema, otlp = schema] = schema.anyOf ?? [];
        check(`${route.method} ${url}`, (query as { format?: string }).format === "otlp" ? otlp : plain, payload);
      };
    },
  };
};

interface Schema {
  readonly anyOf?: readonly object[];
}

interface Responses {
  readonly [status: number]: { readonly content?: { readonly "application/json"?: { readonly schema: Schema } } };
}

const ERROR_BODY = { $ref: "#/components/schemas/ErrorBody" };

const closed = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const fields = Object.entries(schema).map(([name, value]) => [name, closed(value)] as const);
  return { ...Object.fromEntries(fields), ...("properties" in schema && { additionalProperties: false }) };
};

const components = { schemas: closed(ANSWER_SCHEMAS) };
const validators = new Map<string, Validator>();

const validatorOf = (schema: object): Validator => {
  const key = JSON.stringify(schema);
  const made = validators.get(key) ?? Compile({ components, ...(closed(schema) as object) });
  validators.set(key, made);
  return made;
};
