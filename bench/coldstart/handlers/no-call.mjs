/** What a handler does beside its log line: nothing. */
export const work = async () => {};
