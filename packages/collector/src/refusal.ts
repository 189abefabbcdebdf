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

const refusedParameter = ([first]: readonly FastifySchemaValidationError[]): InputError => {
  const unknown = first?.params["additionalProperty"];
  const problem =
    typeof unknown === "string"
      ? `${unknown} is not a parameter here`
      : `${first?.instancePath.slice(1)} ${first?.message}`;
  return new InputError("bad-parameter", problem);
};

/** Enough for every id in a path: ARNs of executions, object keys. */
const MAX_PARAMETER_LENGTH = 2048;

/** Answers' schemas are for readers (openapi/) and tests: a serializer made of one would drop what it does not know. */
export const wholeAnswers = () => (answer: unknown) => JSON.stringify(answer);

export const ROUTE_OPTIONS = {
  routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
  ajv: { customOptions: { removeAdditional: false, coerceTypes: "array" as const } },
  schemaErrorFormatter: refusedParameter,
};
