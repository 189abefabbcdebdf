/**
 * JSON schemas of parameters and bodies with their TypeScript types: TypeBox's words and types without its code, which is four hundred
 * files to load for every process and every thread with routes, and most of a command's start.
 */
import type { Type as TypeBox } from "typebox";

export type { Static } from "typebox";

type Words =
  | "Array"
  | "Boolean"
  | "Integer"
  | "Literal"
  | "Number"
  | "Object"
  | "Optional"
  | "String"
  | "Union"
  | "Unsafe";

type Schema = Readonly<Record<string, unknown>>;

const optional = new WeakSet<Schema>();

const words: Record<Words, (...args: never[]) => Schema> = {
  Array: (items: Schema, options: Schema) => ({ type: "array", items, ...options }),
  Boolean: (options: Schema) => ({ type: "boolean", ...options }),
  Integer: (options: Schema) => ({ type: "integer", ...options }),
  Literal: (value: string | number | boolean, options: Schema) => ({ type: typeof value, const: value, ...options }),
  Number: (options: Schema) => ({ type: "number", ...options }),
  Object: (properties: Readonly<Record<string, Schema>>, options: Schema) => {
    const required = Object.keys(properties).filter((name) => !optional.has(properties[name] ?? {}));
    return { type: "object", ...(required.length > 0 && { required }), properties, ...options };
  },
  /** A copy, so that the schema itself stays required elsewhere. */
  Optional: (schema: Schema) => {
    const copy = { ...schema };
    optional.add(copy);
    return copy;
  },
  String: (options: Schema) => ({ type: "string", ...options }),
  Union: (anyOf: readonly Schema[], options: Schema) => ({ anyOf, ...options }),
  Unsafe: (schema: Schema) => schema,
};

export const Type = words as unknown as Pick<typeof TypeBox, Words>;
