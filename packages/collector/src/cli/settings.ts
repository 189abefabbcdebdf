/** Settings of the collector as flags of a command, each from its row in config.ts. */
import type { Command } from "commander";
import { type Config, configFrom, type Environment, type NamedSetting, type SettingName, SETTINGS } from "../config.ts";
import { flagWithArgument } from "../config-reference.ts";

export const EVERY_SETTING = Object.keys(SETTINGS) as readonly SettingName[];

/** What commander has read; it names a flag in camel case. */
export type ReadFlags = Readonly<Record<string, string | number | boolean | undefined>>;

/** `meaning` in place of a row's own, where a command sees a setting from another side. */
export const addSettings = (
  command: Command,
  names: readonly SettingName[],
  meaning: { readonly [name in SettingName]?: string } = {},
): Command => {
  for (const name of names) {
    const setting: NamedSetting = SETTINGS[name];
    const otherwise = setting.default ? `default ${setting.default}, or ` : "";
    command.option(flagWithArgument(setting), `${meaning[name] ?? setting.meaning} (${otherwise}${setting.variable})`);
  }
  return command;
};

export const configOf = (read: ReadFlags, env: Environment): Config => {
  const flags = EVERY_SETTING.map((name) => [name, givenFlag(read, SETTINGS[name])] as const);
  return configFrom(Object.fromEntries(flags), env);
};

const givenFlag = (read: ReadFlags, { flag }: NamedSetting): string | undefined => {
  const value = read[flag.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())];
  return value === undefined ? undefined : String(value);
};
