/** Handlers behind an HTTP API. */

/** The event itself, as a bare result. */
export const event = async (received) => received;

/** What the request's body says, as JSON; `throw` in place of it fails. */
export const answer = async ({ body }) => {
  if (body === "throw") throw new Error("secret details");
  return JSON.parse(body);
};
