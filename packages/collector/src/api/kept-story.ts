/**
 * The story whose pages somebody is asking for, so that all of them are of one walk: what arrives meanwhile moves nothing
 * from one page to another, and a page after the first costs only what it tells.
 *
 * Memory  one story, for KEEP_MS after it was last asked for.
 */
export interface KeptStory<Story> {
  /** undefined: it is another's that is kept, or none. */
  get(name: string): Story | undefined;
  keep(name: string, story: Story): void;
  forget(name: string): void;
}

const KEEP_MS = 10_000;

export const createKeptStory = <Story>(): KeptStory<Story> => {
  let kept: { readonly name: string; readonly story: Story } | undefined;
  let timer: NodeJS.Timeout | undefined;

  const keep = (name: string, story: Story): void => {
    clearTimeout(timer);
    kept = { name, story };
    timer = setTimeout(() => (kept = undefined), KEEP_MS);
    timer.unref();
  };

  return {
    get: (name) => (kept?.name === name ? kept.story : undefined),
    keep,
    forget(name) {
      if (kept?.name !== name) return;
      clearTimeout(timer);
      kept = undefined;
    },
  };
};
