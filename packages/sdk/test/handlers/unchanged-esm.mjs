/** A function that knows nothing of Mayfly. */
import http, { get } from "node:http";
import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
import { trace } from "@opentelemetry/api";

const sqs = new SQSClient();

export const handler = async ({ how, url }) => {
  if (how === "throw") throw new RangeError("too far");
  trace.getTracer("theirs").startSpan("theirs").end();
  if (process.env.NEXT_QUEUE)
    await sqs.send(new SendMessageCommand({ QueueUrl: process.env.NEXT_QUEUE, MessageBody: "hello" }));
  if (url) await Promise.all([fetched(url), got(http.get, url), got(get, url)]);
  return { how };
};

const fetched = async (url) => (await fetch(`${url}/fetch`)).text();

const got = (by, url) =>
  new Promise((resolve, reject) => {
    by(`${url}/http`, (response) => response.resume().on("end", resolve)).on("error", reject);
  });

export const api = { create: (event, context) => handler(event, context) };

export const withCallback = (_event, _context, callback) => callback(null, "done");

export default { other: import.meta.url };
