/** The rows of docs/reference/config.md, which scripts/reference-pages.mjs writes. */
import { type NamedSetting, SETTINGS } from "./config.ts";

export interface ReferenceRow {
  readonly flag: string;
  readonly variable: string;
  readonly key: string;
  readonly default: string;
  readonly meaning: string;
  readonly expected: string;
}

export const configReference = (): readonly ReferenceRow[] =>
  Object.values<NamedSetting>(SETTINGS).map((setting) => ({
    flag: code(flagWithArgument(setting)),
    variable: code(setting.variable),
    key: setting.key === undefined ? "" : code(setting.key),
    default: setting.default ? code(setting.default) : "",
    meaning: setting.meaning,
    expected: setting.kind.expected,
  }));

/** A bar within a cell would end it. */
const code = (text: string): string => `\`${text.replaceAll("|", String.raw`\|`)}\``;

/** As `--help` shows it. */
export const flagWithArgument = ({ flag, kind }: NamedSetting): string =>
  kind.argument === undefined ? flag : `${flag} <${kind.argument}>`;
