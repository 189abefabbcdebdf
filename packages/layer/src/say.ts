/** The layer's own trouble, on stderr, where Lambda logs it. */
export const say = (what: string, error: unknown): void => {
  process.stderr.write(`mayfly: ${what}: ${error instanceof Error ? error.message : String(error)}\n`);
};
