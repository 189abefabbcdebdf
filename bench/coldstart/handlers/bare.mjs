/** What every other handler is measured against: one log line, one answer. */
import { work } from "#work";

export const handler = async (event) => {
  console.log("handled");
  await work();
  return { statusCode: 200, body: String(event.n) };
};
