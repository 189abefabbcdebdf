/**
 * Read routes whose answers a thread gives: here they keep their addresses, scopes and schemas, so that whoever may ask,
 * what is refused, measured and described is as if they were served here, and only the handler is another.
 *
 * Errors  the thread's refusals come as they are; what is its fault, or its disk's, is thrown here, where it is told.
 */
import type { FastifyPluginAsync, RouteHandlerMethod, RouteOptions } from "fastify";
import type { ErrorCode } from "../errors.ts";
import type { ReaderThread } from "./reader-thread.ts";

interface ForwardedDeps {
  readonly routes: readonly FastifyPluginAsync[];
  readonly thread: Pick<ReaderThread, "ask">;
  /** Of what is not thrown here: the thread has written its answer already. */
  readonly onRefusal: (code: ErrorCode) => void;
}

export const forwarded =
  ({ routes, thread, onRefusal }: ForwardedDeps): FastifyPluginAsync =>
  async (app) => {
    const forward: RouteHandlerMethod = async (request, reply) => {
      const { answer, forget } = thread.ask(request.raw.url ?? "/");
      reply.raw.once("close", forget); // a client gone away, or answered
      const given = await answer;
      if (given === undefined) return reply.hijack(); // nobody is there
      if (given.code) onRefusal(given.code);
      return reply.code(given.status).headers(given.headers).send(Buffer.from(given.body.buffer));
    };
    app.addHook("onRoute", (route) => {
      if (!isRead(route)) throw new Error(`${String(route.method)} ${route.url} has more to do than read`);
      route.handler = forward;
    });
    for (const plugin of routes) await app.register(plugin);
  };

const isRead = ({ method }: RouteOptions): boolean => [method].flat().every((one) => one === "GET" || one === "HEAD");
