/**
 * What a thread's memory is bounded by.
 *
 * Nearly all that our threads make is garbage at once, and V8 lets up to 96 MB of it lie in each before it looks; the
 * buffers that hang on it come on top. With a quarter of that a thread that only writes needs 75 MB less and no processor
 * time more; with an eighth, a tenth more processor time and nothing less.
 */
import type { ResourceLimits } from "node:worker_threads";

export const THREAD_MEMORY: ResourceLimits = { maxYoungGenerationSizeMb: 24 };
