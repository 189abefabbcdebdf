/**
 * X-Ray's HTTP API as its reference has it, over traces that a test gives: limits, page tokens and signatures are enforced,
 * so that a client that breaks one of them fails here as it would there.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { signatureFault } from "./signed.ts";

export interface XRayTrace {
  readonly id: string;
  readonly revision: number;
  /** Seconds since 1970 at which it last changed. */
  readonly changedAt: number;
  readonly documents: readonly string[];
  readonly isCut?: boolean;
}

export interface XRayEndpoint {
  readonly url: string;
  traces: XRayTrace[];
  /** `GetTraceSummaries`, `BatchGetTraces id id` … in the order answered, refused ones included. */
  readonly calls: string[];
  /** Calls, counted from 1, that are throttled. */
  throttled: ReadonlySet<number>;
  /** Ids that BatchGetTraces does not get to, this often each. */
  readonly unprocessed: Map<string, number>;
  /** Documents that PutTraceSegments took, parsed. */
  readonly stored: Record<string, unknown>[];
  /** Segment ids that it refuses, this often each, with this code. */
  readonly refused: Map<string, { times: number; code: string }>;
  close(): void;
}

const SIX_HOURS = 6 * 3600;
const SUMMARIES_A_PAGE = 3;
const SEGMENTS_A_PAGE = 4;
const TRACE_ID = /^1-[0-9a-f]{8}-[0-9a-f]{24}$/;

class Refusal extends Error {
  readonly status: number;

  constructor(name: string, message: string, status = 400) {
    super(message);
    this.name = name;
    this.status = status;
  }
}

const invalid = (message: string): Refusal => new Refusal("InvalidRequestException", message);

type Body = Readonly<Record<string, unknown>>;

export const startXRay = async (traces: readonly XRayTrace[] = []): Promise<XRayEndpoint> => {
  const tokens = new Map<string, { readonly request: string; readonly rest: readonly unknown[] }>();

  /** One page of `all`, or of what a token stands for, and the token of the next. A token is good for its request alone. */
  const page = <T>(all: () => readonly T[], size: number, { NextToken, ...request }: Body) => {
    const asked = JSON.stringify(request);
    const at = NextToken === undefined ? { request: asked, rest: all() } : tokens.get(NextToken as string);
    if (at === undefined || at.request !== asked) throw invalid("NextToken is of no such request");
    const rest = at.rest as readonly T[];
    if (rest.length <= size) return { items: rest };
    const token = `token ${tokens.size + 1}`;
    tokens.set(token, { request: asked, rest: rest.slice(size) });
    return { items: rest.slice(0, size), NextToken: token };
  };

  const summaries = (body: Body): Body => {
    const { StartTime: from, EndTime: to, TimeRangeType: type } = body;
    if (typeof from !== "number" || typeof to !== "number" || from >= to)
      throw invalid("StartTime is not before EndTime");
    if (to - from > SIX_HOURS) throw invalid("the time range is longer than six hours");
    if (type !== "Event") throw invalid(`this endpoint knows traces by their event only, not by ${String(type)}`);
    const found = () => endpoint.traces.filter(({ changedAt }) => changedAt >= from && changedAt < to);
    const { items, NextToken } = page(found, SUMMARIES_A_PAGE, body);
    return { TraceSummaries: items.map(({ id: Id, revision: Revision }) => ({ Id, Revision })), NextToken };
  };

  const traceOf = (id: string): XRayTrace | undefined => endpoint.traces.find((trace) => trace.id === id);

  const batch = (body: Body): Body => {
    const ids = body["TraceIds"] as string[];
    if (!Array.isArray(ids) || ids.length === 0 || ids.length > 5)
      throw invalid("TraceIds has between 1 and 5 elements");
    for (const id of ids) if (!TRACE_ID.test(id)) throw invalid(`${id} is no trace id`);
    const left = body["NextToken"] === undefined ? ids.filter(isUnprocessed) : [];
    const segments = () =>
      ids
        .filter((id) => !left.includes(id))
        .flatMap((id) => traceOf(id) ?? [])
        .flatMap((trace) => trace.documents.map((text) => ({ trace, text })));
    const { items, NextToken } = page(segments, SEGMENTS_A_PAGE, body);
    return {
      Traces: [...Map.groupBy(items, ({ trace }) => trace)].map(([{ id: Id, isCut }, documents]) => ({
        Id,
        LimitExceeded: isCut ?? false,
        Segments: documents.map(({ text }) => ({ Id: idIn(text), Document: text })),
      })),
      UnprocessedTraceIds: left,
      NextToken,
    };
  };

  const isUnprocessed = (id: string): boolean => {
    const times = endpoint.unprocessed.get(id) ?? 0;
    endpoint.unprocessed.set(id, times - 1);
    return times > 0;
  };

  const put = (body: Body): Body => {
    const documents = body["TraceSegmentDocuments"] as string[];
    if (!Array.isArray(documents) || documents.length === 0 || documents.length > 50)
      throw invalid("TraceSegmentDocuments has between 1 and 50 elements");
    return { UnprocessedTraceSegments: documents.flatMap((text) => faultIn(text) ?? []) };
  };

  const faultIn = (text: string): { Id: string; ErrorCode: string; Message: string } | undefined => {
    const Id = idIn(text);
    const refused = endpoint.refused.get(Id);
    if (refused !== undefined && refused.times > 0) {
      refused.times -= 1;
      return { Id, ErrorCode: refused.code, Message: "as the test asks" };
    }
    const fault = documentFault(text);
    if (fault !== undefined) return { Id, ErrorCode: "InvalidSegment", Message: fault };
    endpoint.stored.push(JSON.parse(text) as Record<string, unknown>);
    return undefined;
  };

  const answer = (path: string, body: Body): Body => {
    switch (path) {
      case "/TraceSummaries":
        return summaries(body);
      case "/Traces":
        return batch(body);
      case "/TraceSegments":
        return put(body);
      default:
        throw new Refusal("UnknownOperationException", `no operation at ${path}`, 404);
    }
  };

  const server = createServer((incoming, outgoing) => {
    void bodyOf(incoming).then((bytes) => {
      try {
        const fault = signatureFault(incoming, bytes, "xray");
        if (fault !== undefined) throw new Refusal("AccessDeniedException", fault, 403);
        const body = JSON.parse(bytes.toString()) as Body;
        endpoint.calls.push(callOf(incoming.url, body));
        if (endpoint.throttled.has(endpoint.calls.length))
          throw new Refusal("ThrottledException", "Rate exceeded", 429);
        outgoing
          .writeHead(200, { "content-type": "application/json" })
          .end(JSON.stringify(answer(incoming.url ?? "", body)));
      } catch (error) {
        const { name, message } = error as Error;
        const status = error instanceof Refusal ? error.status : 500;
        outgoing
          .writeHead(status, { "content-type": "application/json", "x-amzn-errortype": name })
          .end(JSON.stringify({ Message: message }));
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");

  const endpoint: XRayEndpoint = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    traces: [...traces],
    calls: [],
    throttled: new Set(),
    unprocessed: new Map(),
    stored: [],
    refused: new Map(),
    close: () => server.close().closeAllConnections(),
  };
  return endpoint;
};

const bodyOf = async (incoming: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

const callOf = (path: string | undefined, body: Body): string => {
  if (path === "/TraceSummaries") return "GetTraceSummaries";
  if (path === "/TraceSegments") return `PutTraceSegments ${(body["TraceSegmentDocuments"] as string[]).length}`;
  return `BatchGetTraces ${(body["TraceIds"] as string[]).join(" ")}`;
};

const idIn = (text: string): string => /"id":"([^"]*)"/.exec(text)?.[1] ?? "?";

const MAX_DOCUMENT_BYTES = 64 * 1024;
const NAME = /^[\p{L}\p{N} _.:/%&#=+\\\-@]{1,200}$/u;
const SEGMENT_ID = /^[0-9a-f]{16}$/;
const OLDEST_DAYS = 30;

/** As the developer guide's page on segment documents has it. */
const documentFault = (text: string): string | undefined => {
  if (Buffer.byteLength(text) > MAX_DOCUMENT_BYTES) return "larger than 64 kB";
  const {
    name,
    id,
    trace_id: traceId,
    parent_id: parentId,
    type,
    ...rest
  } = JSON.parse(text) as Record<string, unknown>;
  if (typeof name !== "string" || !NAME.test(name)) return `name ${String(name)}`;
  if (typeof id !== "string" || !SEGMENT_ID.test(id)) return `id ${String(id)}`;
  if (typeof traceId !== "string" || !TRACE_ID.test(traceId)) return `trace_id ${String(traceId)}`;
  if (parentId !== undefined && !SEGMENT_ID.test(parentId as string)) return "a parent_id that is none";
  if (type === "subsegment" && parentId === undefined) return "a subsegment without parent_id";
  if (typeof rest["start_time"] !== "number") return "no start_time";
  if ((rest["end_time"] === undefined) === (rest["in_progress"] === undefined)) return "end_time xor in_progress";
  const ageDays = Date.now() / 1000 / 86_400 - Number.parseInt(traceId.slice(2, 10), 16) / 86_400;
  if (ageDays > OLDEST_DAYS || ageDays < -1) return `a trace of ${ageDays} days`;
  for (const [key, value] of Object.entries(rest["annotations"] ?? {}))
    if (!/^\w+$/.test(key) || !["string", "number", "boolean"].includes(typeof value)) return `annotation ${key}`;
  return undefined;
};
