/**
 * What a route says of itself beside what is checked: read by openapi.ts, and by nobody on the way of a request. A route
 * that is no part of the API (a page, a method that is refused) says `hide`.
 */
import type { ANSWER_SCHEMAS } from "./answer-schemas.ts";

type Tag = "telemetry" | "traces" | "functions" | "logs" | "metrics" | "collector" | "session";

declare module "fastify" {
  interface FastifySchema {
    readonly summary?: string;
    readonly description?: string;
    readonly tags?: readonly Tag[];
    readonly hide?: boolean;
    /** Bodies by content type, of a route that reads its body itself. */
    readonly takes?: { readonly [contentType: string]: object };
    /** How it says what is wrong; `OtlpError` where it takes a body itself and says nothing else. */
    readonly refusals?: "Error" | "OtlpError" | "FirehoseError";
  }
}

export type AnswerName = keyof typeof ANSWER_SCHEMAS;

/** For `schema.response`: a type of @mayfly/api by its name. `otlp` is the message that `format=otlp` asks for instead. */
export const answers = (name: AnswerName, { otlp }: { readonly otlp?: string } = {}) => ({
  200:
    otlp === undefined
      ? { description: "OK", content: json(schemaNamed(name)) }
      : {
          description: `\`${name}\`; with \`format=otlp\` OTLP-JSON \`${otlp}\`.`,
          headers: {
            "x-mayfly-truncated": {
              description: "With `format=otlp`: `true` where a bound cut the answer.",
              schema: { const: "true" },
            },
          },
          content: json({ anyOf: [schemaNamed(name), { title: otlp, type: "object" }] }),
        },
});

const json = <Schema>(schema: Schema) => ({ "application/json": { schema } });

const schemaNamed = (name: AnswerName): { readonly $ref: string } => ({ $ref: `#/components/schemas/${name}` });
