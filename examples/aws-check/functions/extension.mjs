/** An extension inside the runtime's process: registers, then asks for one event after another. */
const base = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2020-01-01/extension`;

/** What Lambda answered; where it took the registration, `onInvoke` is awaited for each event before the next is asked for. */
export const register = async (name, onInvoke = async () => {}) => {
  const response = await fetch(`${base}/register`, {
    method: "POST",
    headers: { "lambda-extension-name": name },
    body: JSON.stringify({ events: ["INVOKE"] }),
  });
  const answer = { status: response.status, text: await response.text() };
  const identifier = response.headers.get("lambda-extension-identifier");
  if (identifier) void ask(identifier, onInvoke);
  return answer;
};

const ask = async (identifier, onInvoke) => {
  for (;;) {
    const event = await fetch(`${base}/event/next`, { headers: { "lambda-extension-identifier": identifier } });
    await onInvoke(await event.json());
  }
};
