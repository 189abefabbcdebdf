/**
 * API keys: how one is made, what is kept of it, and how one that is presented is told.
 *
 *   mfy_k3v9x2p7qd_Zm9v…   id (10 of 0-9 a-z): in lists, logs and errors
 *       └ id       └ 256 random bits in base64url, shown once
 *
 * Kept is the SHA-256 of the whole key. A slow hash (scrypt, Argon2) makes guessing what people chose expensive; nobody
 * can guess 256 random bits, however fast the hash, and a slow one would be paid again by every request.
 */
import { hash, timingSafeEqual } from "node:crypto";
import type { Scope } from "./scopes.ts";

/** As it stands in the file; times in RFC 3339. */
export interface KeyRecord {
  readonly id: string;
  readonly name: string;
  readonly scope: Scope;
  /** Hex. */
  readonly sha256: string;
  readonly createdAt: string;
  readonly expiresAt?: string;
  /** A revoked key stays in the list: that there were keys keeps the collector closed. */
  readonly revokedAt?: string;
}

export interface NewKey {
  readonly record: KeyRecord;
  /** To be shown once. */
  readonly key: string;
}

const ID_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz";
const ID_LENGTH = 10;
const SECRET_BYTES = 32;
const KEY = /^mfy_([0-9a-z]{10})_[\w-]{43}$/;

export interface KeyWish {
  readonly name: string;
  readonly scope: Scope;
  readonly nowMs: number;
  readonly lifetimeMs?: number | undefined;
  readonly randomBytes: (length: number) => Buffer;
}

export const makeKey = ({ name, scope, nowMs, lifetimeMs, randomBytes }: KeyWish): NewKey => {
  const id = [...randomBytes(ID_LENGTH)].map((byte) => ID_LETTERS[byte % ID_LETTERS.length]).join("");
  const key = `mfy_${id}_${randomBytes(SECRET_BYTES).toString("base64url")}`;
  const record = {
    id,
    name,
    scope,
    sha256: digestOf(key).toString("hex"),
    createdAt: new Date(nowMs).toISOString(),
    ...(lifetimeMs !== undefined && { expiresAt: new Date(nowMs + lifetimeMs).toISOString() }),
  };
  return { record, key };
};

/** undefined: it has not the form of a key. */
export const idOf = (key: string): string | undefined => KEY.exec(key)?.[1];

const digestOf = (key: string): Buffer => hash("sha256", key, "buffer");

/** In constant time; `kept` is a SHA-256. */
export const isKept = (key: string, kept: Buffer): boolean => timingSafeEqual(digestOf(key), kept);

export type KeyState = "active" | "expired" | "revoked";

export const stateOf = (record: KeyRecord, nowMs: number): KeyState => {
  if (record.revokedAt !== undefined) return "revoked";
  return record.expiresAt !== undefined && Date.parse(record.expiresAt) <= nowMs ? "expired" : "active";
};
