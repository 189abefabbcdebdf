/** How checks look at what was seen. Everything in an event may be missing: then there is nothing, and no fault. */
import type { Json, Observations, Received, Sent } from "./observations.ts";

export type Verdict = "verified" | "refuted" | "unknown";

export interface Finding {
  readonly verdict: Verdict;
  /** What it was told by. */
  readonly saw: string;
}

/** Refuted by `saw`, if it is not so; unknown where there is nothing to look at. */
export const holds = (isSo: boolean, saw: unknown): Finding => ({
  verdict: isSo ? "verified" : "refuted",
  saw: typeof saw === "string" ? saw : (JSON.stringify(saw) ?? "nothing"),
});

export const unknown = (why: string): Finding => ({ verdict: "unknown", saw: why });

export const sentBy = ({ sent }: Observations, hop: string): Sent | undefined =>
  sent.find((one) => one.hop === hop && one.error === undefined);

export const receivedBy = ({ received }: Observations, hop: string): readonly Received[] =>
  received.filter((one) => one.hop === hop);

/** Where both ends of a hop were seen. Several messages may have gone the same way: `find` tells which is meant. */
export const pair = (
  seen: Observations,
  [from, to]: readonly [string, string],
  judge: (sent: Sent, received: readonly Received[]) => Finding,
): Finding => {
  const sent = sentBy(seen, from);
  const received = receivedBy(seen, to);
  if (sent === undefined) return unknown(seen.sent.find(({ hop }) => hop === from)?.error ?? `${from} was not called`);
  return received.length === 0 ? unknown(`nothing arrived by ${to}`) : judge(sent, received);
};

/** What stands at a path of keys and indexes. */
export const at = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>(
    (inner, key) => (typeof inner === "object" && inner !== null ? (inner as Json)[key] : undefined),
    value,
  );

/** JSON within JSON. */
export const parsed = (value: unknown): unknown => {
  try {
    return typeof value === "string" ? (JSON.parse(value) as unknown) : undefined;
  } catch {
    return undefined;
  }
};

/** Records of all events that arrived. */
export const recordsOf = (received: readonly Received[]): readonly Json[] =>
  received.flatMap(({ event }) => {
    const records = event["Records"];
    return Array.isArray(records) ? records.filter(isObject) : [];
  });

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null;

/** Every id of the one is among the other. */
export const sameIds = (ids: readonly string[], found: readonly unknown[]): Finding =>
  holds(ids.length > 0 && ids.every((id) => found.includes(id)), { sent: ids, found });

/** Fields of an X-Ray header, their names in lower case. */
export const fieldsOf = (header: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(
    (typeof header === "string" ? header : "")
      .split(";")
      .filter((part) => part.includes("="))
      .map((part) => {
        const index = part.indexOf("=");
        return [part.slice(0, index).trim().toLowerCase(), part.slice(index + 1).trim()] as const;
      }),
  );

const rootOf = (header: unknown): string | undefined => fieldsOf(header)["root"];

/** A trace by another name. */
export const sameRoot = (sent: unknown, found: readonly unknown[]): Finding =>
  holds(rootOf(sent) !== undefined && found.some((one) => rootOf(one) === rootOf(sent)), { sent, found });
