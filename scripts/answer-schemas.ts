/**
 * The types of packages/api → JSON Schema (2020-12), as OpenAPI's components want it: one schema for each exported type,
 * doc comments as descriptions. The types are the one statement of what the API answers: the UI reads them as they are,
 * docs and tests read what is made here of them.
 *
 * In      interfaces and type aliases of: literals, keywords, arrays, unions, intersections of objects, index signatures,
 *         mapped types over literals. A doc comment may end with what a type cannot say: `@integer`, `@minimum` and a
 *         number, `@pattern` and a regular expression.
 * Out     closed as the types are; `additionalProperties` is left to who validates.
 * Errors  whatever else the file says is named: it has no schema, so it must not be in the contract.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type Comment, parseSync } from "oxc-parser";

export type JsonSchema = { readonly [keyword: string]: unknown };

/** Of all files in the folder: no two types have one name. */
export const answerSchemas = (folder: string): Readonly<Record<string, JsonSchema>> => {
  const files = readdirSync(folder).toSorted();
  const types = new Map(files.flatMap((file) => declaredIn(join(folder, file))));
  const schemaOf = readerOf(types);
  return Object.fromEntries(
    [...types].filter(([, { isExported }]) => isExported).map(([name, declared]) => [name, schemaOf(declared)]),
  );
};

const declaredIn = (path: string): readonly (readonly [string, Declared])[] => {
  const source = readFileSync(path, "utf8");
  const { program, comments } = parseSync(path, source);
  const docs = (node: Node): JsonSchema => docsBefore(node, source, comments);
  const statements = (program.body as unknown as readonly Node[]).filter(({ type }) => !ELSEWHERE.includes(type));
  return statements.map((statement) => {
    const isExported = statement.type === "ExportNamedDeclaration";
    const node = isExported ? (statement["declaration"] as Node) : statement;
    return [nameOf(node["id"]), { node, isExported, docs: docs(statement), docsOf: docs }];
  });
};

/** What these name is declared in another file of the folder. */
const ELSEWHERE = ["ImportDeclaration", "ExportAllDeclaration"];

interface Node {
  readonly type: string;
  readonly start: number;
  readonly [key: string]: unknown;
}

interface Declared {
  readonly node: Node;
  readonly isExported: boolean;
  readonly docs: JsonSchema;
  readonly docsOf: DocsOf;
}

type DocsOf = (node: Node) => JsonSchema;

const KEYWORDS: { readonly [type: string]: JsonSchema } = {
  TSStringKeyword: { type: "string" },
  TSNumberKeyword: { type: "number" },
  TSBooleanKeyword: { type: "boolean" },
  TSNullKeyword: { type: "null" },
};

const readerOf = (types: ReadonlyMap<string, Declared>): ((declared: Declared) => JsonSchema) => {
  const declared = ({ node, docs, docsOf }: Declared): JsonSchema => {
    if (node.type === "TSTypeAliasDeclaration") return { ...schemaOf(node["typeAnnotation"] as Node, docsOf), ...docs };
    if (node.type !== "TSInterfaceDeclaration") throw unknown(node);
    const own = membersOf((node["body"] as Node)["body"] as readonly Node[], docsOf);
    return { ...docs, ...[...parentsOf(node), own].reduce(merged) };
  };

  const parentsOf = (node: Node): readonly JsonSchema[] =>
    ((node["extends"] ?? []) as readonly Node[]).map((parent) => bare(byName(nameOf(parent["expression"]))));

  const byName = (name: string): Declared => {
    const found = types.get(name);
    if (found === undefined) throw new Error(`packages/api: ${name} is no type of this file`);
    return found;
  };

  const bare = (one: Declared): JsonSchema => declared({ ...one, docs: {} });

  const schemaOf = (node: Node, docsOf: DocsOf): JsonSchema => {
    const keyword = KEYWORDS[node.type];
    if (keyword !== undefined) return keyword;
    switch (node.type) {
      case "TSLiteralType":
        return { const: (node["literal"] as Node)["value"] };
      case "TSParenthesizedType":
      case "TSTypeOperator":
        return schemaOf(node["typeAnnotation"] as Node, docsOf);
      case "TSArrayType":
        return { type: "array", items: schemaOf(node["elementType"] as Node, docsOf) };
      case "TSUnionType":
        return unionOf((node["types"] as readonly Node[]).map((one) => schemaOf(one, docsOf)));
      case "TSIntersectionType":
        return (node["types"] as readonly Node[]).map((one) => objectOf(one, docsOf)).reduce(merged);
      case "TSTypeLiteral":
        return membersOf(node["members"] as readonly Node[], docsOf);
      case "TSMappedType":
        return mapped(node, docsOf);
      case "TSTypeReference": {
        const name = nameOf(node["typeName"]);
        const found = byName(name);
        return found.isExported ? { $ref: `#/components/schemas/${name}` } : declared(found);
      }
      default:
        throw unknown(node);
    }
  };

  /** Its fields themselves, where a reference would hide them. */
  const objectOf = (node: Node, docsOf: DocsOf): JsonSchema =>
    node.type === "TSTypeReference" ? bare(byName(nameOf(node["typeName"]))) : schemaOf(node, docsOf);

  const membersOf = (members: readonly Node[], docsOf: DocsOf): JsonSchema => {
    const index = members.find(({ type }) => type === "TSIndexSignature");
    if (index !== undefined) return { type: "object", additionalProperties: schemaOf(annotation(index), docsOf) };
    return {
      type: "object",
      properties: Object.fromEntries(
        members.map((one) => [nameOf(one["key"]), { ...docsOf(one), ...schemaOf(annotation(one), docsOf) }]),
      ),
      required: members.filter((one) => one["optional"] !== true).map((one) => nameOf(one["key"])),
    };
  };

  const mapped = (node: Node, docsOf: DocsOf): JsonSchema => {
    const names = valuesOf(schemaOf(node["constraint"] as Node, docsOf));
    const value = schemaOf(node["typeAnnotation"] as Node, docsOf);
    return { type: "object", properties: Object.fromEntries(names.map((name) => [name, value])), required: names };
  };

  return declared;
};

/** Literals alone are an enumeration. */
const unionOf = (schemas: readonly JsonSchema[]): JsonSchema =>
  schemas.every((schema) => "const" in schema)
    ? { type: "string", enum: schemas.map((schema) => schema["const"]) }
    : { anyOf: schemas };

const valuesOf = (schema: JsonSchema): readonly string[] => (schema["enum"] ?? [schema["const"]]) as readonly string[];

const merged = (one: JsonSchema, other: JsonSchema): JsonSchema => ({
  type: "object",
  properties: { ...(one["properties"] as object), ...(other["properties"] as object) },
  required: [...(one["required"] as readonly string[]), ...(other["required"] as readonly string[])],
});

const annotation = (node: Node): Node => (node["typeAnnotation"] as Node)["typeAnnotation"] as Node;
const nameOf = (node: unknown): string => String((node as Node)["name"] ?? (node as Node)["value"]);
const unknown = (node: Node): Error => new Error(`packages/api: ${node.type} at ${node.start} has no JSON Schema`);

/** The doc comment that ends where the node begins. */
const docsBefore = ({ start }: Node, source: string, comments: readonly Comment[]): JsonSchema => {
  const found = comments.find(
    (one) => one.value.startsWith("*") && one.end < start && /^\s*$/.test(source.slice(one.end, start)),
  );
  if (found === undefined) return {};
  const text = found.value
    .replace(/^\*/, "")
    .replace(/\s*\n\s*\* ?/g, " ")
    .trim();
  const [description = "", ...tags] = text.split(/(?:^|\s+)@(?=integer|minimum|pattern)/);
  return { ...(description && { description }), ...Object.assign({}, ...tags.map(keywordOf)) };
};

const keywordOf = (tag: string): JsonSchema => {
  const [name = "", value = ""] = tag.split(/\s+(.*)/);
  if (name === "integer") return { type: "integer" };
  return { [name]: name === "minimum" ? Number(value) : value };
};
