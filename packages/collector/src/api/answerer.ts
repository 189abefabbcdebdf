/**
 * What a thread does with questions: the read routes without a port.
 *
 * The address goes to the router as it came: what `inject` takes for an address it would normalise first, and a path of
 * two dots would name another route. The text of an answer is taken before it is sent: `inject` would copy it four times.
 *
 * Errors  a refusal is an answer; a fault is a failure, so that whoever asked tells it, once.
 */
import type { MessagePort } from "node:worker_threads";
import fastify from "fastify";
import type { ErrorCode } from "../errors.ts";
import { type Failure, failureOf } from "../failure.ts";
import { httpProblem } from "../http-status.ts";
import { ROUTE_OPTIONS, sendProblem, wholeAnswers } from "../refusal.ts";
import { STARTED } from "../thread.ts";
import { readRoutes } from "./read-routes.ts";
import type { Answer, ReaderAnswer, ReaderRequest } from "./reader-thread.ts";
import type { TraceDeps } from "./traces.ts";

const ADDRESS = "x-address";
const NUMBER = "x-number";
/** Of the server that has the connection. */
const NOT_SENT = new Set(["connection", "content-length", "date", "keep-alive"]);

/** Until it is told to close; `end` then closes what was given. */
export const answerQuestions = async (port: MessagePort, deps: TraceDeps, end: () => Promise<void>): Promise<void> => {
  const refused = new Map<string, { readonly code: ErrorCode; readonly failure?: Failure }>();
  const texts = new Map<string, string>();
  const app = fastify({
    ...ROUTE_OPTIONS,
    rewriteUrl: ({ headers }) => String(headers[ADDRESS]),
    genReqId: ({ headers }) => String(headers[NUMBER]),
  });
  app.setSerializerCompiler(wholeAnswers);
  app.addHook("onSend", ({ id }, _reply, text: string, done) => {
    texts.set(id, text);
    done(null, "");
  });
  app.setErrorHandler((error, { id }, reply) => {
    const { status, code } = httpProblem(error);
    refused.set(id, { code, ...(status >= 500 && { failure: failureOf(error) }) });
    return sendProblem(error, reply);
  });
  for (const plugin of readRoutes(deps)) await app.register(plugin);
  await app.ready();
  port.postMessage(STARTED, []);

  const answerTo = async (number: number, url: string): Promise<ReaderAnswer> => {
    const id = String(number);
    const { statusCode, headers } = await app.inject({ url: "/", headers: { [ADDRESS]: url, [NUMBER]: id } });
    const [text = "", { code, failure } = {}] = [texts.get(id), refused.get(id)];
    texts.delete(id);
    refused.delete(id);
    if (failure) return { number, failure };
    const body = new TextEncoder().encode(text);
    return { number, value: { status: statusCode, headers: sent(headers), body, ...(code && { code }) } };
  };

  const told = (number: number, answer: Promise<ReaderAnswer>): Promise<void> =>
    answer
      .catch((error: unknown): ReaderAnswer => ({ number, failure: failureOf(error) }))
      .then((one) => port.postMessage(one, one.value && "body" in one.value ? [one.value.body.buffer] : []));

  port.on("message", (request: ReaderRequest) => {
    if (request.ask === "answer") {
      deps.summarizer.hear(request.problem);
      void told(request.number, answerTo(request.number, request.url));
    } else if (request.ask === "damage")
      void told(
        request.number,
        deps.store.damage().then((value) => ({ number: request.number, value })),
      );
    else
      void app
        .close()
        .then(end)
        .finally(() => port.close());
  });
};

const sent = (headers: Readonly<Record<string, unknown>>): Answer["headers"] =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (NOT_SENT.has(name) ? [] : [[name, String(value)]])),
  );
