/**
 * Stories that were told lately. All pages of one are of one walk: what arrives meanwhile moves nothing from one page to another,
 * and a page after the first costs only what it tells. Who asks for one again has it too, as long as nothing has arrived
 * that it would be told otherwise of; whoever keeps it looks at that.
 *
 * Memory  `maxBytes` of them, as they are estimated, and always the one that was kept last; at most MAX_STORIES, each for KEEP_MS
 *         after it was last asked for.
 */
export interface KeptStories<Story> {
  /** And it is kept longer. */
  get(name: string): Story | undefined;
  keep(name: string, story: Story, bytes: number): void;
  forget(name: string): void;
}

const KEEP_MS = 60_000;
/** Of spans that were asked for lately the store has most in memory as well. */
const MAX_BYTES = 64 * 1024 * 1024;

const MAX_STORIES = 200;

interface Kept<Story> {
  readonly story: Story;
  readonly bytes: number;
  readonly timer: NodeJS.Timeout;
}

export const createKeptStories = <Story>(maxBytes = MAX_BYTES): KeptStories<Story> => {
  /** The one that was asked for last comes last. */
  const stories = new Map<string, Kept<Story>>();
  let bytes = 0;

  const forget = (name: string): void => {
    const kept = stories.get(name);
    if (kept === undefined) return;
    clearTimeout(kept.timer);
    bytes -= kept.bytes;
    stories.delete(name);
  };

  const keep = (name: string, story: Story, size: number): void => {
    forget(name);
    stories.set(name, { story, bytes: size, timer: setTimeout(() => forget(name), KEEP_MS).unref() });
    bytes += size;
    for (const oldest of stories.keys()) {
      if ((bytes <= maxBytes && stories.size <= MAX_STORIES) || oldest === name) return;
      forget(oldest);
    }
  };

  return {
    get(name) {
      const kept = stories.get(name);
      if (kept) keep(name, kept.story, kept.bytes);
      return kept?.story;
    },
    keep,
    forget,
  };
};
