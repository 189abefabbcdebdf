/**
 * Requests as Node's diagnostics channels tell of them, one client's channels at a time. Only the first is listened to from the
 * start, the others once there is a request to follow: a cold start pays for one subscription, some 20 us.
 */
import { harmless } from "../diag.ts";
import type { ClientCall } from "./client-span.ts";

/** Each message of a request's channels names it. */
interface About {
  readonly request: object;
}

/** Gives back what ends it. A channel that this Node does not have stays silent. */
export const follow = <M extends About>(
  created: string,
  start: (request: M["request"]) => ClientCall | undefined,
  others: Readonly<Record<string, (call: ClientCall, message: M) => void>>,
): (() => void) => {
  const channels = process.getBuiltinModule("node:diagnostics_channel");
  const calls = new WeakMap<object, ClientCall>();
  const endings: (() => void)[] = [];
  const listen = (name: string, listener: (message: M) => void): void => {
    // What throws in a listener would end the process.
    const listening = (message: unknown): void => {
      harmless(`listening to ${name}`, () => listener(message as M));
    };
    channels.subscribe(name, listening);
    endings.push(() => channels.unsubscribe(name, listening));
  };
  listen(created, ({ request }) => {
    const call = start(request);
    if (call === undefined) return;
    calls.set(request, call);
    if (endings.length > 1) return;
    for (const [name, tell] of Object.entries(others)) {
      listen(name, (message) => {
        const told = calls.get(message.request);
        if (told !== undefined) tell(told, message);
      });
    }
  });
  return () => endings.forEach((end) => end());
};
