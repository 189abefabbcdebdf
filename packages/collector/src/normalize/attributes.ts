/**
 * Typed reading of attributes by key. Keys must be unique by the specification; where they are not, the last one wins.
 * A value of another type than asked for reads as absent, except whole numbers: some SDKs send them as doubles.
 */
import type { AnyValue, KeyValue } from "@mayfly/otlp";

export interface AttributeReader {
  /** Whether any of these keys is there, whatever it holds. */
  has(...keys: readonly string[]): boolean;
  /** The first of these keys that holds a non-empty string. */
  text(...keys: readonly string[]): string | undefined;
  /** The same, of an id that may be a whole number or the first of a list. */
  id(...keys: readonly string[]): string | undefined;
  isTrue(key: string): boolean;
  count(key: string): number | undefined;
  /** A finite number, whole or not. */
  number(key: string): number | undefined;
  texts(key: string): readonly string[] | undefined;
}

/** What ids are read with. */
export type IdReader = Pick<AttributeReader, "has" | "text" | "id" | "texts" | "isTrue">;

export const attributeReader = (attributes: readonly KeyValue[] = []): AttributeReader => new MapReader(attributes);

/** Every span is read by one: a class, which is one object, and loops. */
class MapReader implements AttributeReader {
  readonly #values: ReadonlyMap<string, AnyValue | undefined>;

  constructor(attributes: readonly KeyValue[]) {
    const values = new Map<string, AnyValue | undefined>();
    for (const { key, value } of attributes) values.set(key, value);
    this.#values = values;
  }

  has(...keys: readonly string[]): boolean {
    for (const key of keys) if (this.#values.has(key)) return true;
    return false;
  }

  text(...keys: readonly string[]): string | undefined {
    for (const key of keys) {
      const text = stringOf(this.#values.get(key));
      if (text) return text;
    }
    return undefined;
  }

  id(...keys: readonly string[]): string | undefined {
    for (const key of keys) {
      const id = idOf(this.#values.get(key));
      if (id) return id;
    }
    return undefined;
  }

  isTrue(key: string): boolean {
    const value = this.#values.get(key);
    return value !== undefined && "boolValue" in value && value.boolValue;
  }

  count(key: string): number | undefined {
    return countOf(this.#values.get(key));
  }

  number(key: string): number | undefined {
    return numberOf(this.#values.get(key));
  }

  texts(key: string): readonly string[] | undefined {
    const value = this.#values.get(key);
    if (value === undefined || !("arrayValue" in value)) return undefined;
    return value.arrayValue.values.flatMap((one) => stringOf(one) ?? []);
  }
}

const stringOf = (value: AnyValue | undefined): string | undefined =>
  value !== undefined && "stringValue" in value ? value.stringValue : undefined;

const idOf = (value: AnyValue | undefined): string | undefined => {
  if (value === undefined) return undefined;
  if ("arrayValue" in value) return stringOf(value.arrayValue.values[0]);
  return stringOf(value) ?? ("intValue" in value ? String(value.intValue) : countOf(value)?.toString());
};

const numberOf = (value: AnyValue | undefined): number | undefined => {
  if (value === undefined) return undefined;
  const number = "intValue" in value ? Number(value.intValue) : "doubleValue" in value ? value.doubleValue : Number.NaN;
  return Number.isFinite(number) ? number : undefined;
};

const countOf = (value: AnyValue | undefined): number | undefined => {
  const number = numberOf(value);
  return number !== undefined && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
};
