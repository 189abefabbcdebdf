/** Subscriptions to Node's diagnostics channels: what throws in one would end the process. */
import { harmless } from "../diag.ts";

type Listeners<M> = Readonly<Record<string, (message: M) => void>>;

/** Gives back what ends them. A channel that this Node does not have stays silent. */
export const subscribe = <M>(listeners: Listeners<M>): (() => void) => {
  const channels = process.getBuiltinModule("node:diagnostics_channel");
  const subscribed = Object.entries(listeners).map(([name, listener]) => {
    const listening = (message: unknown): void => {
      harmless(`listening to ${name}`, () => listener(message as M));
    };
    channels.subscribe(name, listening);
    return () => channels.unsubscribe(name, listening);
  });
  return () => subscribed.forEach((unsubscribe) => unsubscribe());
};
