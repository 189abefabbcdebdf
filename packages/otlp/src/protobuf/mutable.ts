/**
 * A message while it is being read: fields arrive in any order, and a later one overwrites or extends an earlier.
 *
 * Functions named `read…(reader, before)` follow one rule, proto3's: where a singular message comes twice, the second
 * is merged into the first. They extend `before` in place, because copying would make many small repeats quadratic.
 */
export type Mutable<Message> = {
  -readonly [Field in keyof Message]: Message[Field] extends readonly (infer Item)[] ? Item[] : Message[Field];
};
