/**
 * When each key was last used, to the minute: so that one can be revoked that nobody needs any more.
 *
 * In a file of its own, `keys-used.json`, because the collector writes it and commands write the keys. Written at most
 * once a minute, and at the end; what a kill loses of it is a minute.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { KeyRecord } from "./keys.ts";

/** Key id → minute, in RFC 3339. */
export type KeyUse = Readonly<Record<string, string>>;

export interface KeyUseWriter {
  readonly used: (key: Pick<KeyRecord, "id">) => void;
  readonly close: () => void;
}

const EVERY_MS = 60_000;

const useFileIn = (dataDir: string): string => join(dataDir, "keys-used.json");

/** It only informs: a file that is missing or broken says nothing. */
export const readKeyUse = (dataDir: string): KeyUse => {
  try {
    const content: unknown = JSON.parse(readFileSync(useFileIn(dataDir), "utf8"));
    const entries = Object.entries(content ?? {}).filter(([, minute]) => typeof minute === "string");
    return Object.fromEntries(entries) as KeyUse;
  } catch {
    return {};
  }
};

export const createKeyUse = ({
  dataDir,
  nowMs,
  onProblem,
}: {
  readonly dataDir: string;
  readonly nowMs: () => number;
  readonly onProblem: (error: unknown) => void;
}): KeyUseWriter => {
  const minutes = new Map(Object.entries(readKeyUse(dataDir)));
  const current = new Map<string, number>(); // this minute's, so that most uses cost a comparison
  let writtenAtMs = nowMs();
  let isDirty = false;

  const write = (): void => {
    const file = useFileIn(dataDir);
    const draft = `${file}.new`;
    writtenAtMs = nowMs();
    isDirty = false;
    try {
      writeFileSync(draft, JSON.stringify(Object.fromEntries(minutes)), { mode: 0o600 });
      renameSync(draft, file);
    } catch (error) {
      onProblem(error);
    }
  };

  return {
    used({ id }) {
      const now = nowMs();
      const minute = Math.floor(now / EVERY_MS);
      if (current.get(id) === minute) return;
      current.set(id, minute);
      minutes.set(id, new Date(minute * EVERY_MS).toISOString());
      isDirty = true;
      if (Math.abs(now - writtenAtMs) >= EVERY_MS) write(); // a clock set back must not stop it
    },
    close: () => void (isDirty && write()),
  };
};
