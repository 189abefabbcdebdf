/**
 * What a source file imports and which globals it touches, from its syntax tree, so that a string or a comment that
 * looks like an import does not count.
 */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseSync } from "oxc-parser";

export interface Import {
  /** As written. */
  readonly source: string;
  /** Absolute path, for a relative import. */
  readonly file?: string;
  readonly isTypeOnly: boolean;
  /** `import(…)` */
  readonly isDynamic?: boolean;
}

export interface SourceFile {
  readonly path: string;
  readonly imports: readonly Import[];
  readonly readsEnvironment: boolean;
  /** Calls `fetch`, or takes hold of a module that can open a connection. */
  readonly reachesOut: boolean;
}

const CONNECTING = /^(node:)?(http|https|http2|net|tls|dgram)$|^undici/;

/** What such a module also has, and no connection is made with. */
const HARMLESS = new Set(["STATUS_CODES", "isIP", "isIPv4", "isIPv6"]);

export const readSource = (path: string): SourceFile => {
  const { module, program } = parseSync(path, readFileSync(path, "utf8"));
  const toImport = (source: string, isTypeOnly: boolean): Import => ({
    source,
    ...(source.startsWith(".") && { file: resolve(dirname(path), source) }),
    isTypeOnly,
  });
  const imports = [
    ...module.staticImports.map((one) =>
      toImport(one.moduleRequest.value, one.entries.length > 0 && one.entries.every((entry) => entry.isType)),
    ),
    ...module.staticExports.flatMap((one) =>
      one.entries.flatMap((entry) => (entry.moduleRequest ? toImport(entry.moduleRequest.value, entry.isType) : [])),
    ),
  ];
  const touched = {
    environment: false,
    network:
      module.staticImports.some(
        ({ moduleRequest, entries }) =>
          CONNECTING.test(moduleRequest.value) &&
          (entries.length === 0 || !entries.every((one) => one.isType || HARMLESS.has(one.importName.name ?? ""))),
      ) ||
      module.staticExports.some(({ entries }) =>
        entries.some((one) => CONNECTING.test(one.moduleRequest?.value ?? "") && !one.isType),
      ),
  };
  visit(program, touched, imports);
  return { path, imports, readsEnvironment: touched.environment, reachesOut: touched.network };
};

const visit = (node: unknown, touched: { environment: boolean; network: boolean }, imports: Import[]): void => {
  if (Array.isArray(node)) for (const child of node) visit(child, touched, imports);
  if (!isNode(node)) return;
  if (node.type === "MemberExpression" && name(node["object"]) === "process" && name(node["property"]) === "env") {
    touched.environment = true;
  }
  if (node.type === "CallExpression" && name(node["callee"]) === "fetch") touched.network = true;
  if (node.type === "ImportExpression" && typeof literal(node["source"]) === "string") {
    imports.push({ source: String(literal(node["source"])), isTypeOnly: false, isDynamic: true });
  }
  // Only what is called to load a module: a module's name in other text is no connection.
  if (node.type === "CallExpression" && name(calleeEnd(node["callee"])) === "getBuiltinModule") {
    const [argument] = node["arguments"] as unknown[];
    if (CONNECTING.test(String(literal(argument)))) touched.network = true;
  }
  for (const child of Object.values(node)) if (typeof child === "object") visit(child, touched, imports);
};

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null && "type" in value;
const name = (node: unknown): unknown => (isNode(node) && node.type === "Identifier" ? node["name"] : undefined);
const literal = (node: unknown): unknown => (isNode(node) && node.type === "Literal" ? node["value"] : undefined);
const calleeEnd = (node: unknown): unknown =>
  isNode(node) && node.type === "MemberExpression" ? node["property"] : node;
