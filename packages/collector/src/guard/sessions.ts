/**
 * Sessions of the UI: who signed in with a key, until they sign out, the key is revoked, or time is up.
 *
 * An id is 256 random bits that only the browser's cookie has; here is its SHA-256, so that neither a memory dump nor a
 * lookup's timing gives one away. They live in memory: after a restart people sign in again.
 *
 * Bounds  MAX_PER_KEY sessions of one key, the oldest goes; keys are bounded by their file.
 */
import { hash } from "node:crypto";
import type { KeyRecord } from "./keys.ts";
import type { KeyRing } from "./key-ring.ts";

export interface Sessions {
  /** The new session's id, for the cookie. */
  open(key: KeyRecord): string;
  /** The key that a session stands for, while both are good. */
  find(id: string): KeyRecord | undefined;
  close(id: string): void;
  readonly size: number;
}

export interface SessionsDeps {
  readonly ring: Pick<KeyRing, "byId">;
  readonly nowMs: () => number;
  readonly randomBytes: (length: number) => Buffer;
}

const ID_BYTES = 32;
export const SESSION_LIFETIME_MS = 7 * 24 * 3_600_000;
const IDLE_MS = 24 * 3_600_000;
const MAX_PER_KEY = 20;

interface Session {
  readonly keyId: string;
  readonly openedAtMs: number;
  usedAtMs: number;
}

export const createSessions = ({ ring, nowMs, randomBytes }: SessionsDeps): Sessions => {
  const sessions = new Map<string, Session>(); // by digest, oldest first

  const isOver = ({ keyId, openedAtMs, usedAtMs }: Session, now: number): boolean =>
    now - openedAtMs >= SESSION_LIFETIME_MS || now - usedAtMs >= IDLE_MS || ring.byId(keyId) === undefined;

  const makeRoom = (keyId: string): void => {
    const now = nowMs();
    for (const [digest, session] of sessions) if (isOver(session, now)) sessions.delete(digest);
    const own = [...sessions].filter(([, session]) => session.keyId === keyId);
    for (const [digest] of own.slice(0, Math.max(0, own.length - MAX_PER_KEY + 1))) sessions.delete(digest);
  };

  return {
    open({ id: keyId }) {
      makeRoom(keyId);
      const id = randomBytes(ID_BYTES).toString("base64url");
      sessions.set(digestOf(id), { keyId, openedAtMs: nowMs(), usedAtMs: nowMs() });
      return id;
    },
    find(id) {
      const digest = digestOf(id);
      const session = sessions.get(digest);
      if (session === undefined) return undefined;
      if (isOver(session, nowMs())) {
        sessions.delete(digest);
        return undefined;
      }
      session.usedAtMs = nowMs();
      return ring.byId(session.keyId);
    },
    close: (id) => void sessions.delete(digestOf(id)),
    get size() {
      return sessions.size;
    },
  };
};

const digestOf = (id: string): string => hash("sha256", id);
