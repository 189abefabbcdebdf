/**
 * Whether anybody listens at an address, before hundreds of requests wait there one after the other.
 *
 * Errors  NotFoundError, within WITHIN_MS.
 */
import { connect } from "node:net";
import { NotFoundError } from "../../errors.ts";

const WITHIN_MS = 2_000;

export const reach = (url: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const { hostname, port, protocol } = new URL(url);
    const host = hostname.replaceAll(/[[\]]/g, "");
    const socket = connect({ host, port: Number(port) || (protocol === "https:" ? 443 : 80) });
    const refuse = (why: string): void => {
      socket.destroy();
      reject(new NotFoundError("not-found", `nothing listens at ${url}: ${why}`));
    };
    const deadline = setTimeout(() => refuse(`no connection within ${WITHIN_MS} ms`), WITHIN_MS);
    socket.once("close", () => clearTimeout(deadline));
    socket.once("error", (error: NodeJS.ErrnoException) => refuse(error.message || String(error.code)));
    socket.once("connect", () => {
      socket.destroy();
      resolve();
    });
  });
