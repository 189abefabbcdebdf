/**
 * SQS and SNS, by fauxqs, with what it lacks against AWS: queue URLs on the endpoint's own origin, AWSTraceHeader kept from
 * send to receive, and word of each publication, so that SNS can reach functions.
 *
 * Quirks  fauxqs builds queue URLs on `sqs.<region>.localhost`, which resolves nowhere but where it does by chance, and the
 *         AWS SDK follows a queue URL rather than its configured endpoint; so every answer is rewritten. It reads the region
 *         from the signature, so the lab's own calls carry one, unsigned.
 */
import { buildApp } from "fauxqs";
import type { AddressInfo } from "node:net";
import { ACCOUNT_ID } from "./addresses.ts";
import { type MoveInput, moveMessages } from "./message-move.ts";
import type { Truth } from "./truth.ts";

export interface Publication {
  readonly messageId: string;
  readonly topicArn: string;
  readonly message: string;
  readonly subject?: string;
  readonly attributes: Readonly<Record<string, { readonly Type: string; readonly Value: string }>>;
  readonly traceHeader?: string;
  /** The request id of the invocation that published; undefined for anybody else. */
  readonly sender?: string;
}

export interface Messaging {
  readonly url: string;
  sqs<T>(operation: string, input: object, options?: { signal?: AbortSignal; sender?: string }): Promise<T>;
  sns(
    action: string,
    input: Readonly<Record<string, string>>,
    options?: { sender?: string; traceHeader?: string },
  ): Promise<string>;
  /** X-Amzn-Trace-Id that came with a message id, of SQS or SNS. */
  traceHeaderOf(messageId: string): string | undefined;
  close(): Promise<void>;
}

export interface MessagingDeps {
  readonly region: string;
  readonly truth: Truth;
  /** The publisher is answered when it has resolved. */
  readonly onPublish: (publication: Publication) => Promise<void>;
}

/** On the lab's own calls: the invocation they are made for. */
const SENDER = "x-mayfly-lab-sender";

type Headers = Readonly<Record<string, string | string[] | undefined>>;
type Fields = Readonly<Record<string, string>>;

export const startMessaging = async ({ region, truth, onPublish }: MessagingDeps): Promise<Messaging> => {
  const app = buildApp({ logger: false, defaultRegion: region });
  const traceHeaders = new Map<string, string>();
  const sentTo = new Map<string, string>();
  const origin = (): string => `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;

  const senderOf = (headers: Headers): string | undefined =>
    one(headers[SENDER]) ?? truth.senderOf({ authorization: one(headers["authorization"]) });

  const noteSent = (kind: "sqs-message" | "sns-message", id: string, headers: Headers, traceHeader?: string): void => {
    truth.sent({ kind, id }, senderOf(headers));
    const header = traceHeader ?? one(headers["x-amzn-trace-id"]);
    if (header !== undefined) traceHeaders.set(id, header);
  };

  /** A message that is received elsewhere than where it was sent to was moved there by a redrive policy. */
  const deadLetterSource = (messageId: string, receive: unknown): string | undefined => {
    const source = nameOf(sentTo.get(messageId) ?? "");
    const { QueueUrl = "" } = receive as { QueueUrl?: string };
    return source === "" || source === nameOf(QueueUrl) ? undefined : `arn:aws:sqs:${region}:${ACCOUNT_ID}:${source}`;
  };

  const noteAnswer = async (headers: Headers, body: unknown, payload: string): Promise<void> => {
    const operation = one(headers["x-amz-target"])?.split(".").at(-1);
    if (operation === "SendMessage" || operation === "SendMessageBatch") {
      const { QueueUrl = "" } = body as { QueueUrl?: string };
      for (const { id, traceHeader } of sentMessages(body, payload)) {
        noteSent("sqs-message", id, headers, traceHeader);
        sentTo.set(id, QueueUrl);
      }
    }
    for (const publication of publications((body ?? {}) as Fields, payload)) {
      noteSent("sns-message", publication.messageId, headers);
      const traceHeader = traceHeaders.get(publication.messageId);
      const sender = senderOf(headers);
      await onPublish({
        ...publication,
        ...(traceHeader !== undefined && { traceHeader }),
        ...(sender !== undefined && { sender }),
      });
    }
  };

  app.addHook("onSend", async (request, reply, payload) => {
    if (typeof payload !== "string") return payload;
    if (reply.statusCode === 200) await noteAnswer(request.headers, request.body, payload);
    const isReceive = one(request.headers["x-amz-target"])?.endsWith(".ReceiveMessage");
    const answer = isReceive
      ? withAttributes(payload, request.body, (id) => ({
          AWSTraceHeader: traceHeaders.get(id),
          DeadLetterQueueSourceArn: deadLetterSource(id, request.body),
        }))
      : payload;
    return answer.replaceAll(/http:\/\/sqs\.[\w-]+\.localhost(:\d+)?/g, origin());
  });
  app.addHook("preHandler", async (request, reply) => {
    if (one(request.headers["x-amz-target"]) !== "AmazonSQS.StartMessageMoveTask") return;
    const urlOf = (queueArn: string): string => `${origin()}/${ACCOUNT_ID}/${nameOf(queueArn)}`;
    const answer = await moveMessages(request.body as MoveInput, { sqs, truth, urlOf, sentTo });
    return reply.header("content-type", "application/x-amz-json-1.0").send(JSON.stringify(answer));
  });
  await app.listen({ host: "127.0.0.1", port: 0 });

  const authorization = `AWS4-HMAC-SHA256 Credential=lab/20260101/${region}/sqs/aws4_request, SignedHeaders=host, Signature=0`;
  const post = async (headers: Record<string, string>, body: string, signal?: AbortSignal): Promise<string> => {
    const response = await fetch(origin(), {
      method: "POST",
      headers: { authorization, ...headers },
      body,
      ...(signal && { signal }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`the lab's own call was refused with ${response.status}: ${text}`);
    return text;
  };

  const sqs: Messaging["sqs"] = async <T>(
    operation: string,
    input: object,
    { signal, sender }: { signal?: AbortSignal; sender?: string } = {},
  ) => {
    const headers = {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `AmazonSQS.${operation}`,
      ...(sender !== undefined && { [SENDER]: sender }),
    };
    return JSON.parse((await post(headers, JSON.stringify(input), signal)) || "{}") as T;
  };

  return {
    url: origin(),
    sqs,
    sns: (action, input, { sender, traceHeader } = {}) =>
      post(
        {
          "content-type": "application/x-www-form-urlencoded",
          ...(sender !== undefined && { [SENDER]: sender }),
          ...(traceHeader !== undefined && { "x-amzn-trace-id": traceHeader }),
        },
        new URLSearchParams({ Action: action, Version: "2010-03-31", ...input }).toString(),
      ),
    traceHeaderOf: (messageId) => traceHeaders.get(messageId),
    close: () => app.close(),
  };
};

const one = (header: string | string[] | undefined): string | undefined => (Array.isArray(header) ? header[0] : header);

interface SendEntry {
  readonly Id?: string;
  readonly MessageSystemAttributes?: { readonly AWSTraceHeader?: { readonly StringValue?: string } };
}

/** The ids of what was accepted, each with the system attribute that it was sent with. */
const sentMessages = (body: unknown, payload: string): { id: string; traceHeader?: string }[] => {
  const input = body as SendEntry & { readonly Entries?: readonly SendEntry[] };
  const output = JSON.parse(payload) as {
    MessageId?: string;
    Successful?: readonly { Id: string; MessageId: string }[];
  };
  const accepted =
    output.Successful ?? (output.MessageId === undefined ? [] : [{ Id: undefined, MessageId: output.MessageId }]);
  return accepted.map(({ Id, MessageId }) => {
    const entry = Id === undefined ? input : input.Entries?.find((sent) => sent.Id === Id);
    const traceHeader = entry?.MessageSystemAttributes?.AWSTraceHeader?.StringValue;
    return { id: MessageId, ...(traceHeader !== undefined && { traceHeader }) };
  });
};

/** AWS query protocol: `PublishBatchRequestEntries.member.1.Message=…`, answered in XML. */
const publications = (fields: Fields, payload: string): Publication[] => {
  const { Action, TopicArn } = fields;
  if (TopicArn === undefined || (Action !== "Publish" && Action !== "PublishBatch")) return [];
  if (Action === "Publish") {
    const [, messageId] = /<MessageId>([^<]+)</.exec(payload) ?? [];
    return messageId === undefined ? [] : [publication(messageId, TopicArn, fields, "")];
  }
  const accepted = [...payload.matchAll(/<member>([\s\S]*?)<\/member>/g)].flatMap(([, member = ""]) => {
    const [, id] = /<Id>([^<]+)</.exec(member) ?? [];
    const [, messageId] = /<MessageId>([^<]+)</.exec(member) ?? [];
    return id === undefined || messageId === undefined ? [] : [{ id, messageId }];
  });
  return accepted.flatMap(({ id, messageId }) => {
    const name = Object.keys(fields).find(
      (key) => /^PublishBatchRequestEntries\.member\.\d+\.Id$/.test(key) && fields[key] === id,
    );
    return name === undefined ? [] : [publication(messageId, TopicArn, fields, name.replace(/Id$/, ""))];
  });
};

const publication = (messageId: string, topicArn: string, fields: Fields, prefix: string): Publication => {
  const subject = fields[`${prefix}Subject`];
  const attributes: Record<string, { Type: string; Value: string }> = {};
  for (let n = 1; ; n += 1) {
    const entry = `${prefix}MessageAttributes.entry.${n}`;
    const name = fields[`${entry}.Name`];
    if (name === undefined) break;
    const Value = fields[`${entry}.Value.StringValue`] ?? fields[`${entry}.Value.BinaryValue`] ?? "";
    attributes[name] = { Type: fields[`${entry}.Value.DataType`] ?? "String", Value };
  }
  return {
    messageId,
    topicArn,
    message: fields[`${prefix}Message`] ?? "",
    attributes,
    ...(subject !== undefined && { subject }),
  };
};

interface ReceivedMessage {
  readonly MessageId: string;
  readonly Attributes?: Readonly<Record<string, string>>;
}

/** Each only for a receiver that asks for it, as SQS does. */
const withAttributes = (
  payload: string,
  body: unknown,
  attributesOf: (messageId: string) => Readonly<Record<string, string | undefined>>,
): string => {
  const input = body as { AttributeNames?: readonly string[]; MessageSystemAttributeNames?: readonly string[] };
  const asked = [...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])];
  const output = JSON.parse(payload) as { Messages?: readonly ReceivedMessage[] };
  if (output.Messages === undefined || asked.length === 0) return payload;
  const Messages = output.Messages.map((message) => {
    const added = Object.entries(attributesOf(message.MessageId)).filter(
      ([name, value]) => value !== undefined && (asked.includes("All") || asked.includes(name)),
    );
    if (added.length === 0) return message;
    return { ...message, Attributes: { ...message.Attributes, ...Object.fromEntries(added) } };
  });
  return JSON.stringify({ ...output, Messages });
};

/** The last part of a queue's URL or ARN. */
const nameOf = (queue: string): string => queue.split(/[/:]/).at(-1) ?? "";
