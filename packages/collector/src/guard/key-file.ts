/**
 * `keys.json` in the data folder: the API keys' records, readable by their owner alone.
 *
 * A change is written into `keys.json.new`, made with O_EXCL, flushed, and renamed over the file (as git does with its
 * index): readers see the old list or the new one, and a second writer waits, because the new file is also the lock.
 *
 * Errors  StoreError `keys-unreadable`, `store-newer`, `store-failed`; KeysError `keys-busy`.
 */
import { constants, readFileSync } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { KeysError, MayflyError, StoreError } from "../errors.ts";
import type { KeyRecord } from "./keys.ts";
import { isScope } from "./scopes.ts";

const VERSION = 1;
const OWNER_ONLY = 0o600;
/** More than a team needs, and few enough to be read in a moment; the oldest revoked ones make room. */
const MAX_KEYS = 1000;

export const keyFileIn = (dataDir: string): string => join(dataDir, "keys.json");

/** undefined: there is no file, no key was ever made here. */
export const readKeyFile = (file: string): readonly KeyRecord[] | undefined => {
  try {
    return recordsIn(JSON.parse(readFileSync(file, "utf8")), file);
  } catch (cause) {
    if (isErrno(cause, "ENOENT")) return undefined;
    if (cause instanceof MayflyError) throw cause;
    throw new StoreError("keys-unreadable", `cannot read ${file}: ${reasonOf(cause)}`, { cause });
  }
};

/** Reads the list, changes it, and puts it in place; what `change` throws leaves everything as it was. */
export const changeKeyFile = async (
  dataDir: string,
  change: (records: readonly KeyRecord[]) => readonly KeyRecord[],
): Promise<void> => {
  const file = keyFileIn(dataDir);
  const draft = `${file}.new`;
  await mkdir(dataDir, { recursive: true });
  const handle = await lockedDraft(draft);
  try {
    const records = withinBound(change(readKeyFile(file) ?? []));
    await handle.writeFile(`${JSON.stringify({ version: VERSION, keys: records }, undefined, 2)}\n`);
    await handle.sync();
    await rename(draft, file);
    await syncFolder(dataDir);
  } catch (cause) {
    await rm(draft, { force: true });
    throw cause instanceof MayflyError ? cause : cannotWrite(file, cause);
  } finally {
    await handle.close();
  }
};

const recordsIn = (content: unknown, file: string): readonly KeyRecord[] => {
  const { version, keys } = (content ?? {}) as { readonly version?: unknown; readonly keys?: unknown };
  if (typeof version === "number" && version > VERSION)
    throw new StoreError("store-newer", `${file} has version ${version}, this Mayfly knows ${VERSION}`);
  if (version !== VERSION || !Array.isArray(keys) || !keys.every(isRecord))
    throw new StoreError("keys-unreadable", `${file} is not a list of API keys as Mayfly writes it`);
  return keys;
};

const isRecord = (value: unknown): value is KeyRecord => {
  const { id, name, scope, sha256, createdAt, expiresAt, revokedAt } = (value ?? {}) as Record<string, unknown>;
  return (
    typeof id === "string" &&
    typeof name === "string" &&
    typeof scope === "string" &&
    isScope(scope) &&
    typeof sha256 === "string" &&
    /^[0-9a-f]{64}$/.test(sha256) &&
    isTime(createdAt) &&
    (expiresAt === undefined || isTime(expiresAt)) &&
    (revokedAt === undefined || isTime(revokedAt))
  );
};

const isTime = (value: unknown): boolean => typeof value === "string" && !Number.isNaN(Date.parse(value));

const withinBound = (records: readonly KeyRecord[]): readonly KeyRecord[] => {
  let excess = records.length - MAX_KEYS;
  const kept = records.filter(({ revokedAt }) => revokedAt === undefined || (excess -= 1) < 0);
  if (kept.length <= MAX_KEYS) return kept;
  throw new KeysError("keys-full", `there are ${MAX_KEYS} keys that are not revoked`);
};

const LOCK_TRIES = 100;
const LOCK_PAUSE_MS = 20;

const lockedDraft = async (draft: string): Promise<FileHandle> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await open(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, OWNER_ONLY);
    } catch (cause) {
      if (!isErrno(cause, "EEXIST")) throw cannotWrite(draft, cause);
      if (tries === LOCK_TRIES) throw new KeysError("keys-busy", `${draft} exists: another command changes the keys`);
      await pause(LOCK_PAUSE_MS);
    }
  }
};

/** So that the rename survives a loss of power, too. */
const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, constants.O_RDONLY);
  await handle.sync();
  await handle.close();
};

const cannotWrite = (file: string, cause: unknown): StoreError =>
  new StoreError("store-failed", `cannot write ${file}: ${reasonOf(cause)}`, { cause });

const isErrno = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
