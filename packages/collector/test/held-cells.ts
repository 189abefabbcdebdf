/** Int32 cells that a test shares with held-reader-worker.ts. */
export const RELEASED = 0;
export const HELD = 1;
