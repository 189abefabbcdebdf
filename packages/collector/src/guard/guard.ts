/**
 * Who may ask for what, decided before a byte of a body is read.
 *
 *   names ─▶ the route's scope ─▶ key or session ─▶ its scope ─▶ its limit ─▶ route
 *   403      open: ─────────────────────────────────────────────────────────▶ route
 *                                 401               403          429
 *
 * Without keys everyone who reaches the port may do everything; config.ts lets that be the loopback alone. From the
 * first key on, everyone needs one, on the loopback too: a proxy on this machine makes all the world come from there.
 *
 * Wrong keys are counted per address and soon answered with 429. A right one always passes: whoever shares an address
 * with a misconfigured sender is not locked out, and 256 random bits are not found by trying.
 *
 * Errors  AccessError, LimitError, InputError `host-not-allowed`.
 */
import { isIPv6 } from "node:net";
import type { FastifyReply, FastifyRequest } from "fastify";
import { AccessError, LimitError, MayflyError } from "../errors.ts";
import { createBuckets } from "./buckets.ts";
import { type Credential, credentialOf } from "./credentials.ts";
import { PRIVATE_HEADERS, SECURITY_HEADERS } from "./headers.ts";
import type { KeyRecord } from "./keys.ts";
import type { KeyRing } from "./key-ring.ts";
import type { Names } from "./names.ts";
import { mayUse, type RouteScope, type Scope } from "./scopes.ts";
import type { Sessions } from "./sessions.ts";

export interface Limits {
  /** Requests with telemetry per second and key, or address; 0: without limit. */
  readonly ingestRate: number;
  /** The same for all other requests. */
  readonly apiRate: number;
}

export interface GuardDeps {
  readonly names: Names;
  readonly ring: KeyRing;
  readonly sessions: Sessions;
  /** Keys are needed even before there is one. */
  readonly isAlwaysClosed: boolean;
  readonly limits: Limits;
  readonly nowMs: () => number;
  /** A key was used. */
  readonly onUse?: (key: KeyRecord) => void;
}

export interface Guard {
  /** A hook that goes before all others. */
  readonly admit: (request: FastifyRequest, reply: FastifyReply) => void;
  /** Whether a key is needed, and whose the caller has. */
  callerOf(request: FastifyRequest): { readonly needsKey: boolean; readonly key?: KeyRecord };
  /** A new session's id. */
  signIn(key: string, address: string): { readonly id: string; readonly key: KeyRecord };
  signOut(request: FastifyRequest): void;
  /** Requests turned away here, by code, since the start; those with telemetry are in the ledger, too. */
  counts(): Readonly<Record<string, number>>;
}

const WRONG_KEYS_PER_SECOND = 1;
const WRONG_KEYS_AT_ONCE = 30;
const WRONG_SIGN_INS_PER_SECOND = 0.1;
const WRONG_SIGN_INS_AT_ONCE = 5;

export const createGuard = (deps: GuardDeps): Guard => {
  const { names, ring, sessions, isAlwaysClosed, limits, nowMs, onUse } = deps;
  const rates = {
    ingest: createBuckets({ perSecond: limits.ingestRate, nowMs }),
    read: createBuckets({ perSecond: limits.apiRate, nowMs }),
  };
  const wrongKeys = createBuckets({ perSecond: WRONG_KEYS_PER_SECOND, capacity: WRONG_KEYS_AT_ONCE, nowMs });
  const wrongSignIns = createBuckets({ perSecond: WRONG_SIGN_INS_PER_SECOND, capacity: WRONG_SIGN_INS_AT_ONCE, nowMs });
  const counts = new Map<string, number>();

  const needsKey = (): boolean => isAlwaysClosed || ring.isInUse();

  const keyBehind = (credential: Credential): KeyRecord | undefined => {
    if (credential === undefined) return undefined;
    return "key" in credential ? ring.find(credential.key) : sessions.find(credential.session);
  };

  /** The caller's name for its limit. */
  const identified = (request: FastifyRequest, asked: Scope): string => {
    const address = networkOf(request.ip);
    if (!needsKey()) return address;
    const credential = credentialOf(request);
    if (credential === undefined)
      throw new AccessError("key-missing", "an API key is needed here and none was presented");
    const key = keyBehind(credential);
    if (key === undefined) {
      refuseFlood(wrongKeys.take(address), "too many wrong keys came from this address");
      throw new AccessError("key-invalid", "the API key or session is unknown, revoked or expired");
    }
    if (!mayUse(key.scope, asked))
      throw new AccessError("scope-missing", `key ${key.id} has the scope ${key.scope}, this needs ${asked}`);
    onUse?.(key);
    return key.id;
  };

  const admitTo = (asked: RouteScope, request: FastifyRequest): void => {
    names.check(request);
    if (asked === "open") return;
    const caller = identified(request, asked);
    const rate = asked === "ingest" ? "ingest" : "read";
    refuseFlood(
      rates[rate].take(caller),
      `more requests than the ${rate === "ingest" ? "ingest" : "API"} limit allows`,
    );
  };

  const counted = <T>(action: () => T): T => {
    try {
      return action();
    } catch (error) {
      if (error instanceof MayflyError) counts.set(error.code, (counts.get(error.code) ?? 0) + 1);
      throw error;
    }
  };

  return {
    admit(request, reply) {
      const asked = scopeOf(request);
      reply.headers(asked === "open" ? SECURITY_HEADERS : { ...SECURITY_HEADERS, ...PRIVATE_HEADERS });
      counted(() => admitTo(asked, request));
    },
    callerOf(request) {
      if (!needsKey()) return { needsKey: false };
      const key = keyBehind(credentialOf(request));
      return { needsKey: true, ...(key && { key }) };
    },
    signIn: (presented, address) =>
      counted(() => {
        const key = ring.find(presented);
        if (key === undefined) {
          refuseFlood(wrongSignIns.take(networkOf(address)), "too many wrong keys came from this address");
          throw new AccessError("key-invalid", "the API key is unknown, revoked or expired");
        }
        if (!mayUse(key.scope, "read"))
          throw new AccessError("scope-missing", `key ${key.id} has the scope ${key.scope}, the UI needs read`);
        onUse?.(key);
        return { id: sessions.open(key), key };
      }),
    signOut(request) {
      const credential = credentialOf(request);
      if (credential !== undefined && "session" in credential) sessions.close(credential.session);
    },
    counts: () => Object.fromEntries(counts),
  };
};

/** What is nowhere is open: an unknown address shows nothing. */
const scopeOf = ({ is404, routeOptions }: FastifyRequest): RouteScope =>
  is404 ? "open" : (routeOptions.config.scope ?? "admin");

const refuseFlood = (waitSeconds: number, why: string): void => {
  if (waitSeconds > 0) throw new LimitError(`${why}; try again in ${waitSeconds} s`, waitSeconds);
};

/** Whoever has one IPv6 address has 2^64 of them. */
const networkOf = (address: string): string => (isIPv6(address) ? network64(address) : address);

const network64 = (address: string): string => {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = "", tail] = address.split("::");
  const groups = head.split(":").filter(Boolean);
  const missing = tail === undefined ? 0 : 8 - groups.length - tail.split(":").filter(Boolean).length;
  return [...groups, ...Array<string>(missing).fill("0"), ...(tail ?? "").split(":")].slice(0, 4).join(":");
};
