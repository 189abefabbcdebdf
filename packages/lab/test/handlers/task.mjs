/** A task of a state machine. */
export const handler = async ({ echo, fail, failBelow, retryCount }) => {
  const name = fail ?? (retryCount < failBelow ? "TooEarly" : undefined);
  if (name !== undefined) throw Object.assign(new Error("as asked"), { name });
  return { echoed: echo, retryCount };
};
