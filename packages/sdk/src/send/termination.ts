/**
 * The end of an environment: Lambda sends SIGTERM, and leaves half a second, where an extension is registered. What was held back is
 * sent in it; then the signal does what it would have done.
 */
import { harmless } from "../diag.ts";

export const onTermination = (send: () => Promise<void>): void => {
  process.once("SIGTERM", () => {
    void harmless("sending what is left", send)?.finally(() => {
      // Whoever else listens has decided to live on.
      if (process.listenerCount("SIGTERM") === 0) process.kill(process.pid, "SIGTERM");
    });
  });
};
