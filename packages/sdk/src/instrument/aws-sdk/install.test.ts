import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Aws, md5, startAws } from "../../../test/aws.ts";
import { freshSdk } from "../../../test/fresh-sdk.ts";
import { sdk } from "../../sdk.ts";
import { instrumentLoadedAwsSdk } from "./install.ts";

const startSqs = (): Promise<Aws> =>
  startAws(() => ({ body: JSON.stringify({ MessageId: "m-1", MD5OfMessageBody: md5("hello") }) }));

const sendFrom = (client: SQSClient, { url }: Aws): Promise<unknown> =>
  client.send(new SendMessageCommand({ QueueUrl: `${url}/1/orders`, MessageBody: "hello" }));

/** Whether the newest message carries a context. */
const carries = ({ requests }: Aws): boolean => requests.at(-1)?.body.includes("traceparent") === true;

const undos: (() => void)[] = [];
const install = (): (() => void) => {
  const undo = instrumentLoadedAwsSdk();
  undos.push(undo);
  return undo;
};
// A call at init would carry nothing.
beforeEach(() => void sdk().takeFirst());
afterEach(() => undos.splice(0).forEach((undo) => undo()));

test("clients are instrumented, whether they were made, and used, before or after", async () => {
  const aws = await startSqs();
  const [used, unused] = [new SQSClient(aws.client), new SQSClient(aws.client)];
  await sendFrom(used, aws);
  expect(carries(aws)).toBe(false);
  install();
  for (const client of [used, unused, new SQSClient(aws.client)]) {
    await sendFrom(client, aws);
    expect(carries(aws)).toBe(true);
  }
});

test("undone, a client is as the application made it", async () => {
  const aws = await startSqs();
  const send = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(SQSClient.prototype), "send");
  const undo = install();
  undo();
  await sendFrom(new SQSClient(aws.client), aws);
  expect(carries(aws)).toBe(false);
  expect(Object.getOwnPropertyDescriptor(Object.getPrototypeOf(SQSClient.prototype), "send")).toEqual(send);
});

test("installed again, a call still has one span", async () => {
  const aws = await startSqs();
  install();
  install();
  const started: string[] = [];
  const { tracer } = sdk().spans;
  const startSpan = tracer.startSpan.bind(tracer);
  tracer.startSpan = (...args) => {
    started.push(args[0]);
    return startSpan(...args);
  };
  await sendFrom(new SQSClient(aws.client), aws);
  tracer.startSpan = startSpan;
  expect(started).toEqual(["send orders"]);
});

test("undoing the second installation leaves the first", async () => {
  const aws = await startSqs();
  install();
  install()();
  await sendFrom(new SQSClient(aws.client), aws);
  expect(carries(aws)).toBe(true);
});

test("the application's own middleware still runs, once for each call", async () => {
  const aws = await startSqs();
  install();
  const client = new SQSClient(aws.client);
  let ran = 0;
  client.middlewareStack.add(
    (next) => async (args) => {
      ran += 1;
      return next(args);
    },
    { step: "build", name: "theirs" },
  );
  await sendFrom(client, aws);
  await sendFrom(client, aws);
  expect(ran).toBe(2);
  expect(carries(aws)).toBe(true);
});

test("callbacks work as without us", async () => {
  const aws = await startSqs();
  install();
  const command = new SendMessageCommand({ QueueUrl: `${aws.url}/1/orders`, MessageBody: "hello" });
  const answered = await new Promise((resolve) => {
    new SQSClient(aws.client).send(command, (error, output) => resolve(error ?? output));
  });
  expect(answered).toMatchObject({ MessageId: "m-1" });
  expect(carries(aws)).toBe(true);
});

test("where the SDK is disabled, a client that is handed over stays as it is", async () => {
  const { instrumentAwsClient } = await freshSdk({ OTEL_SDK_DISABLED: "true" });
  const aws = await startSqs();
  await sendFrom(instrumentAwsClient(new SQSClient(aws.client)), aws);
  expect(carries(aws)).toBe(false);
});
