/**
 * The guard of one data folder, as a configuration wants it.
 *
 * Errors  ConfigError `keys-needed`: an address beyond the loopback without a key. StoreError: the keys cannot be read.
 */
import { randomBytes } from "node:crypto";
import { ConfigError } from "../errors.ts";
import { shellWord } from "../shell-word.ts";
import { createGuard, type Guard, type Limits } from "./guard.ts";
import { openKeyRing } from "./key-ring.ts";
import { createKeyUse } from "./key-use.ts";
import type { KeyRecord } from "./keys.ts";
import { isLoopback, namesOf } from "./names.ts";
import { createSessions } from "./sessions.ts";

export interface OpenGuardDeps extends Limits {
  readonly dataDir: string;
  readonly host: string;
  readonly allowedHosts: readonly string[];
  /** Beyond the loopback without keys. */
  readonly insecure: boolean;
  readonly nowMs: () => number;
  readonly onProblem: (error: unknown) => void;
  readonly ownKeys?: readonly KeyRecord[];
}

export interface OpenGuard extends Guard {
  /** Everyone who reaches the port may read and write everything, and it is not the loopback's. */
  readonly isInsecure: boolean;
  readonly close: () => void;
}

export const openGuard = (deps: OpenGuardDeps): OpenGuard => {
  const { dataDir, host, insecure, nowMs, onProblem } = deps;
  const ring = openKeyRing(deps);
  const isPublic = !isLoopback(host);
  if (isPublic && !insecure && !ring.isInUse()) {
    throw new ConfigError(
      "keys-needed",
      `--host is "${host}": beyond the loopback whoever reaches the port can read and write everything, and there is no API key in ${dataDir}; make one with \`mayfly keys create --name NAME --scope admin --data ${shellWord(dataDir)}\`, or say --insecure`,
    );
  }
  const use = createKeyUse({ dataDir, nowMs, onProblem });
  const guard = createGuard({
    names: namesOf(deps),
    ring,
    sessions: createSessions({ ring, nowMs, randomBytes }),
    isAlwaysClosed: isPublic && !insecure,
    limits: deps,
    nowMs,
    onUse: use.used,
  });
  return { ...guard, isInsecure: isPublic && !ring.isInUse(), close: use.close };
};
