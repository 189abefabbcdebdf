/**
 * What a thread's memory is bounded by.
 *
 * Young: nearly all that our threads make is garbage at once, and V8 lets up to 96 MB of it lie in each before it looks;
 * the buffers that hang on it come on top. With an eighth the heaps of all threads take 30 MB less than with a quarter,
 * under load, and the processor time of a span is the same within what the measurement tells.
 *
 * Old: far above what a thread needs. From the bound V8 takes by how much what lives may grow before it looks for what
 * has died: four times by default, to twice with this, which leaves the summarizer 40 MB where it had 60.
 */
import type { ResourceLimits } from "node:worker_threads";

export const THREAD_MEMORY: ResourceLimits = { maxYoungGenerationSizeMb: 12, maxOldGenerationSizeMb: 2_000 };

/** What sealing makes is dead at once: half of it costs nothing that shows, where the one that writes would collect twice as long. */
export const KEEPER_MEMORY: ResourceLimits = { ...THREAD_MEMORY, maxYoungGenerationSizeMb: 6 };

/**
 * The thread that answers holds a whole story for a moment. With the others' bound it copies that again and again: a story of
 * ten thousand spans took a fifth longer, and of a thousand the 95th percentile was twice as long.
 */
export const READER_MEMORY: ResourceLimits = { ...THREAD_MEMORY, maxYoungGenerationSizeMb: 64 };
