/** What every other handler is measured against: one log line, one answer. */
export const handler = async (event) => {
  console.log("handled");
  return { statusCode: 200, body: String(event.n) };
};
