/**
 * A configuration file, YAML or JSON (which is YAML): one flat map of settings, each with the line where it stands.
 *
 * Errors  ConfigError when it cannot be read, is not a map, or does not parse; what stands in it is config.ts's to judge.
 */
import { readFileSync } from "node:fs";
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Scalar } from "yaml";
import { ConfigError } from "./errors.ts";

export interface FileEntry {
  readonly name: string;
  /** A scalar as it is written, quotes aside; undefined: neither a scalar nor a list of scalars. */
  readonly value: string | readonly string[] | undefined;
  /** `mayfly.yaml:3`. */
  readonly place: string;
}

export const readConfigFile = (file: string): readonly FileEntry[] => {
  const lines = new LineCounter();
  // Scalars stay text: what `1e3` or `010` means is for the kind of the setting to say, not for YAML.
  const document = parseDocument(textOf(file), { lineCounter: lines, schema: "failsafe" });
  const [error] = document.errors;
  if (error !== undefined) {
    const [reason] = error.message.split("\n");
    throw new ConfigError("config-invalid", `${file}:${error.linePos?.[0].line ?? 1}: ${reason}`);
  }
  const { contents } = document;
  if (contents === null) return [];
  if (!isMap(contents)) throw new ConfigError("config-invalid", `${file}: expected settings, each as "name: value"`);
  return contents.items.map(({ key, value }) => {
    const line = isScalar(key) && key.range ? lines.linePos(key.range[0]).line : 1;
    return { name: isScalar(key) ? String(key.value) : "", value: plain(value), place: `${file}:${line}` };
  });
};

const textOf = (file: string): string => {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError("config-invalid", `cannot read the configuration file: ${reason}`, { cause });
  }
};

const plain = (node: unknown): FileEntry["value"] => {
  if (node === null) return "";
  if (isScalar<string>(node)) return textOfScalar(node);
  if (!isSeq(node) || !node.items.every((item) => isScalar<string>(item))) return undefined;
  return node.items.map(textOfScalar);
};

/** The schema makes strings alone; YAML's words for nothing are as good as an empty one. */
const textOfScalar = ({ value, type }: Scalar<string>): string =>
  type === "PLAIN" && /^(?:~|null)$/i.test(value) ? "" : value;
