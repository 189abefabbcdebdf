/** Lambda's own header on what leaves the function: the rules of propagate/xray.ts, through a real client. */
import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
import { expect, test } from "vitest";
import { type Answering, type Called, type Invoked, calling, md5, requestWith } from "../../../test/aws.ts";

const ROOT = "1-67891233-abcdef012345678912345678";
const ROOT_AS_TRACE_ID = "67891233abcdef012345678912345678";
const THEIRS = "53995c3f42cd8ad8";

const ok: Answering = () => ({ body: JSON.stringify({ MessageId: "m-1", MD5OfMessageBody: md5("hello") }) });

/** The function was invoked with this header, as Lambda puts it into the environment. */
const sendingUnder = (header: string, invoked: Invoked = {}, answer = ok) =>
  calling(
    answer,
    (aws) =>
      new SQSClient(aws.client).send(new SendMessageCommand({ QueueUrl: `${aws.url}/1/orders`, MessageBody: "hello" })),
    { ...invoked, env: { _X_AMZN_TRACE_ID: header } },
  );

const headersSent = ({ requests, thrown }: Called): (string | string[] | undefined)[] => {
  expect(thrown).toBeUndefined();
  return requests.map(({ headers }) => headers["x-amzn-trace-id"]);
};

test("where X-Ray does not record, Parent becomes our span and every other field stays byte for byte", async () => {
  const called = await sendingUnder(
    `Root=${ROOT};Parent=${THEIRS};Sampled=0;Lineage=a87bd80c:1|68fd508a:5;Self=x; Other = y`,
  );
  const [span] = called.spans;
  expect(span?.traceId).toBe(ROOT_AS_TRACE_ID);
  expect(headersSent(called)).toEqual([
    `Root=${ROOT};Parent=${span?.spanId};Sampled=0;Lineage=a87bd80c:1|68fd508a:5;Self=x; Other = y`,
  ]);
});

test("an undecided Sampled stays undecided", async () => {
  const called = await sendingUnder(`Root=${ROOT};Parent=${THEIRS};Sampled=?`);
  expect(headersSent(called)).toEqual([`Root=${ROOT};Parent=${called.spans[0]?.spanId};Sampled=?`]);
});

test("Root alone gets our span beside it, and no decision", async () => {
  const called = await sendingUnder(`Root=${ROOT};Lineage=a87bd80c:1`);
  expect(headersSent(called)).toEqual([`Root=${ROOT};Parent=${called.spans[0]?.spanId};Lineage=a87bd80c:1`]);
});

test("where X-Ray records, the header stays as Lambda gave it", async () => {
  const header = `Root=${ROOT};Parent=${THEIRS};Sampled=1;Lineage=a87bd80c:1`;
  expect(headersSent(await sendingUnder(header))).toEqual([header]);
});

test("in a trace that came by W3C, Root is not ours, and the header stays as Lambda gave it", async () => {
  const header = `Root=${ROOT};Parent=${THEIRS};Sampled=0;Lineage=a87bd80c:1`;
  const called = await sendingUnder(header, { event: requestWith(`00-${"a".repeat(32)}-${"b".repeat(16)}-01`) });
  expect(called.spans[0]?.traceId).toBe("a".repeat(32));
  expect(headersSent(called)).toEqual([header]);
});

test("the context's header is known where the environment has none, as with several invocations at once", async () => {
  const xRayTraceId = `Root=${ROOT};Parent=${THEIRS};Sampled=0;Lineage=a87bd80c:1`;
  const called = await sendingUnder("", { context: { xRayTraceId } });
  expect(headersSent(called)).toEqual([`Root=${ROOT};Parent=${called.spans[0]?.spanId};Sampled=0;Lineage=a87bd80c:1`]);
});

test("without any header there is none: what X-Ray records behind the call is not ours to decide", async () => {
  expect(headersSent(await sendingUnder(""))).toEqual([undefined]);
});

test("every attempt has it, unsigned, and a signed request gets no other header of ours", async () => {
  const called = await sendingUnder(`Root=${ROOT};Parent=${THEIRS};Sampled=0`, {}, (request, attempt) =>
    attempt < 2 ? { status: 503 } : ok(request, attempt),
  );
  const expected = `Root=${ROOT};Parent=${called.spans[0]?.spanId};Sampled=0`;
  expect(headersSent(called)).toEqual([expected, expected]);
  for (const { headers } of called.requests) {
    const signed = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? "")?.[1]?.split(";") ?? [];
    expect(signed).toContain("host");
    expect(signed).not.toContain("x-amzn-trace-id");
    expect(headers).not.toHaveProperty("traceparent");
    expect(headers).not.toHaveProperty("tracestate");
  }
});
