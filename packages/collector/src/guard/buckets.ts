/**
 * How often somebody may ask: a bucket of tokens each, refilled at a steady rate, so that a burst is fine and a flood
 * is not.
 *
 * Own code, not @fastify/rate-limit: three limits with different owners are decided inside one hook, before a byte of
 * the body is read, and its fixed windows let through twice the limit around their edge. Here a request on the hot path
 * costs a map lookup, and a refusal knows to the second when it ends.
 *
 * Bounds  MAX_OWNERS buckets; past it the one that was used longest ago is forgotten, which is to say filled.
 */
export interface Buckets {
  /** Takes one token: 0, or, when there is none, the seconds until there is. */
  take(owner: string): number;
  readonly size: number;
}

export interface BucketsDeps {
  /** 0: without limit. */
  readonly perSecond: number;
  /** How many at once; as many as come in BURST_SECONDS, unless said. */
  readonly capacity?: number;
  readonly nowMs: () => number;
}

const MAX_OWNERS = 10_000;
const BURST_SECONDS = 2;

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

export const createBuckets = ({ perSecond, capacity = perSecond * BURST_SECONDS, nowMs }: BucketsDeps): Buckets => {
  const buckets = new Map<string, Bucket>();

  const bucketOf = (owner: string, now: number): Bucket => {
    const known = buckets.get(owner);
    if (known !== undefined) {
      const elapsedMs = Math.max(0, now - known.filledAtMs); // a clock set back gives nothing, and takes nothing
      known.tokens = Math.min(capacity, known.tokens + (elapsedMs / 1000) * perSecond);
      known.filledAtMs = now;
      buckets.delete(owner); // to the end: the order is that of use
    }
    const bucket = known ?? { tokens: capacity, filledAtMs: now };
    buckets.set(owner, bucket);
    const [oldest] = buckets.keys();
    if (buckets.size > MAX_OWNERS && oldest !== undefined) buckets.delete(oldest);
    return bucket;
  };

  return {
    take(owner) {
      if (perSecond === 0) return 0;
      const bucket = bucketOf(owner, nowMs());
      if (bucket.tokens < 1) return Math.ceil((1 - bucket.tokens) / perSecond);
      bucket.tokens -= 1;
      return 0;
    },
    get size() {
      return buckets.size;
    },
  };
};
