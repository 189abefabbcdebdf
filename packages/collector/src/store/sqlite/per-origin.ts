/**
 * What is made of an origin's bytes, kept: execution environments send the same one again and again.
 *
 * Bounds  origins in number and in bytes, after which all are forgotten; one that is unusually large is made anew each time,
 *         or a few senders of large resources would take what all others share, and any amount of it.
 */
const MAX_ORIGINS = 2_000;
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_KEPT_BYTES = 32 * 1024;

export const perOrigin = <T extends object>(make: (origin: Uint8Array) => T): ((origin: Uint8Array) => T) => {
  const known = new Map<string, T>();
  let bytes = 0;
  return (origin) => {
    const { length } = origin;
    if (length > MAX_KEPT_BYTES) return make(origin);
    const key = Buffer.from(origin.buffer, origin.byteOffset, length).toString("latin1");
    const found = known.get(key);
    if (found !== undefined) return found;
    const made = make(origin);
    if (known.size >= MAX_ORIGINS || bytes + length > MAX_BYTES) {
      known.clear();
      bytes = 0;
    }
    known.set(key, made);
    bytes += length;
    return made;
  };
};
