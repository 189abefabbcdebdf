/**
 * A function's hue: the same on every page, in every session, in both themes (`--hue-0` … `--hue-11` in tokens.css).
 *
 * Neither red nor amber is among the twelve: they mean error and warning. Twelve inks cannot keep any number of
 * functions apart; names stand beside colours everywhere.
 */
const HUES = 12;

/** FNV-1a; the seed is one of those that give the eight functions of the example shop eight hues. */
const SEED = 0x811c9dca;
const PRIME = 0x01000193;

export const hueOf = (functionName: string | undefined): number => {
  let hash = SEED;
  for (const char of functionName ?? "") hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), PRIME);
  return ((hash ^ (hash >>> 15)) >>> 0) % HUES;
};

export const hueClass = (functionName: string | undefined): string => `hue-${hueOf(functionName)}`;
