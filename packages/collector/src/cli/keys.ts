/**
 * `mayfly keys create|list|revoke`: who may use a collector. They work on its data folder, so they also work while it
 * runs; it notices within a second.
 *
 * A new key is all that `create` writes to standard output, for scripts; what to know about it goes to standard error.
 */
import { randomBytes } from "node:crypto";
import { Command, Option } from "commander";
import type { Environment } from "../config.ts";
import { ConfigError, NotFoundError } from "../errors.ts";
import { changeKeyFile, keyFileIn, readKeyFile } from "../guard/key-file.ts";
import { type KeyUse, readKeyUse } from "../guard/key-use.ts";
import { type KeyRecord, makeKey, stateOf } from "../guard/keys.ts";
import { type Scope, SCOPES } from "../guard/scopes.ts";
import { addSettings, configOf, type ReadFlags } from "./settings.ts";

interface KeysDeps {
  readonly env: Environment;
  readonly print: (line: string) => void;
  readonly warn: (line: string) => void;
}

interface CreateFlags extends ReadFlags {
  readonly name: string;
  readonly scope: Scope;
  readonly expires?: number;
}

export const keysCommand = ({ env, print, warn }: KeysDeps): Command => {
  const folderOf = (flags: ReadFlags): string => configOf(flags, env).dataDir;

  const create = new Command("create")
    .description("make a key and print it, once")
    .requiredOption("--name <name>", "What it is for, as people will find it in the list.", nameOf)
    .addOption(new Option("--scope <scope>", "What it may do.").choices(SCOPES).makeOptionMandatory())
    .option(
      "--expires <age>",
      "How long it is good, such as 12h, 90d or 52w. (default: until it is revoked)",
      lifetimeOf,
    )
    .action(async (flags: CreateFlags) => {
      const { name, scope, expires } = flags;
      const made = makeKey({ name, scope, nowMs: Date.now(), lifetimeMs: expires, randomBytes });
      await changeKeyFile(folderOf(flags), (records) => [...records, made.record]);
      print(made.key);
      warn(advice(made.record));
    });

  const list = new Command("list").description("list all keys, never their secrets").action((flags: ReadFlags) => {
    const folder = folderOf(flags);
    const records = readKeyFile(keyFileIn(folder)) ?? [];
    if (records.length === 0) warn(`there are no keys in ${folder}`);
    else for (const line of table(records, readKeyUse(folder))) print(line);
  });

  const revoke = new Command("revoke")
    .description("end a key, and every session of the UI that was opened with it")
    .argument("<ID>", "its id, as `list` shows it")
    .action(async (id: string, flags: ReadFlags) => {
      const folder = folderOf(flags);
      await changeKeyFile(folder, (records) => {
        if (!records.some((record) => record.id === id))
          throw new NotFoundError("not-found", `there is no key ${id} in ${folder}`);
        return records.map((record) =>
          record.id === id ? { revokedAt: new Date().toISOString(), ...record } : record,
        );
      });
      print(`key ${id} is revoked`);
    });

  const keys = new Command("keys").description("make, list and revoke the API keys of a collector").exitOverride();
  for (const command of [create, list, revoke])
    keys.addCommand(
      addSettings(command, ["dataDir", "configFile"], {
        dataDir: "Data folder of that collector.",
      }).copyInheritedSettings(keys),
    );
  return keys;
};

const MAX_NAME_LENGTH = 100;

const nameOf = (name: string): string => {
  if (name.length > 0 && name.length <= MAX_NAME_LENGTH && !/\p{C}/u.test(name)) return name;
  throw new ConfigError("config-invalid", `--name: expected 1 to ${MAX_NAME_LENGTH} printable characters`);
};

const HOURS = { h: 1, d: 24, w: 24 * 7 };
const MS_PER_HOUR = 3_600_000;

const lifetimeOf = (age: string): number => {
  const [, count, unit] = /^([1-9]\d{0,3})([hdw])$/.exec(age) ?? [];
  if (count === undefined)
    throw new ConfigError(
      "config-invalid",
      `--expires is "${age}", expected hours, days or weeks, such as 12h, 90d or 52w`,
    );
  return Number(count) * HOURS[unit as keyof typeof HOURS] * MS_PER_HOUR;
};

const SENDERS = "OTEL_EXPORTER_OTLP_HEADERS=x-mayfly-key=<key>";
const ADVICE: Readonly<Record<Scope, string>> = {
  ingest: `Functions send it with ${SENDERS}.`,
  read: "Sign in to the UI with it, or send it as Authorization: Bearer.",
  admin: `Sign in to the UI with it; functions should have an ingest key.`,
};

const advice = ({ id, scope, expiresAt = "it is revoked" }: KeyRecord): string =>
  `This is the only time it is shown. Its id is ${id}, it is good until ${expiresAt}.\n${ADVICE[scope]}`;

const HEAD = ["id", "scope", "state", "created", "expires", "last used", "name"];

const table = (records: readonly KeyRecord[], use: KeyUse): readonly string[] => {
  const now = Date.now();
  const rows = records.map((record) => [
    record.id,
    record.scope,
    stateOf(record, now),
    minute(record.createdAt),
    minute(record.expiresAt),
    minute(use[record.id]),
    record.name,
  ]);
  const widths = HEAD.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  return [HEAD, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
};

const minute = (time: string | undefined): string => time?.slice(0, 16).replace("T", " ") ?? "never";
