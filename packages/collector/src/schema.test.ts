import { expect, test } from "vitest";
import { Type as TypeBox } from "typebox";
import { Type } from "./schema.ts";

/** In all words, by whoever speaks them. */
const schema = (type: typeof Type) => {
  const name = type.String({ maxLength: 9, description: "A name." });
  return type.Object(
    {
      name,
      nickname: type.Optional(name),
      level: type.Union([type.Literal("a"), type.Literal(1), type.Literal(true)], { default: "a" }),
      ids: type.Optional(type.Array(type.Integer({ minimum: 1 }), { maxItems: 3 })),
      share: type.Number(),
      isThere: type.Boolean({ default: false }),
      any: type.Unsafe<"x">(type.String()),
      none: type.Object({ maybe: type.Optional(type.Boolean()) }),
    },
    { additionalProperties: false },
  );
};

test("a schema is what TypeBox makes of the same words", () => {
  expect(JSON.parse(JSON.stringify(schema(Type)))).toEqual(JSON.parse(JSON.stringify(schema(TypeBox))));
});
