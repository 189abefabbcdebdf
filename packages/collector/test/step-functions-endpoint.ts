/**
 * Step Functions' HTTP API as its reference has it, over executions that a test gives: targets, page sizes, tokens and
 * signatures are enforced.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { HistoryEvent } from "@aws-sdk/client-sfn";
import { signatureFault } from "./signed.ts";

export interface HeldExecution {
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly mapRunArn?: string;
  readonly startDate: Date;
  /** Absent while it runs. */
  readonly stopDate?: Date;
  readonly events: readonly HistoryEvent[];
}

export interface StepFunctionsEndpoint {
  readonly url: string;
  executions: HeldExecution[];
  /** `GetExecutionHistory <name>` … in the order answered, refused ones included. */
  readonly calls: string[];
  /** Calls, counted from 1, that are throttled. */
  throttled: ReadonlySet<number>;
  close(): void;
}

/** What a page holds here, however much is asked for: a caller must follow the tokens. */
const PAGE = 7;

type Body = Readonly<Record<string, unknown>>;

class Refusal extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

export const startStepFunctions = async (): Promise<StepFunctionsEndpoint> => {
  const tokens = new Map<string, { readonly request: string; readonly rest: readonly unknown[] }>();

  const page = <T>(
    all: () => readonly T[],
    { nextToken, ...request }: Body,
  ): { items: readonly T[]; nextToken?: string } => {
    const { maxResults = 100 } = request;
    if (typeof maxResults !== "number" || maxResults < 0 || maxResults > 1000)
      throw new Refusal("ValidationException", "maxResults is between 0 and 1000");
    const asked = JSON.stringify(request);
    const at = nextToken === undefined ? { request: asked, rest: all() } : tokens.get(nextToken as string);
    if (at === undefined || at.request !== asked) throw new Refusal("InvalidToken", "Invalid Token");
    const rest = at.rest as readonly T[];
    if (rest.length <= PAGE) return { items: rest };
    const token = `token ${tokens.size + 1}`;
    tokens.set(token, { request: asked, rest: rest.slice(PAGE) });
    return { items: rest.slice(0, PAGE), nextToken: token };
  };

  const held = ({ executionArn }: Body): HeldExecution => {
    const found = endpoint.executions.find((one) => one.executionArn === executionArn);
    if (found === undefined)
      throw new Refusal("ExecutionDoesNotExist", `Execution Does Not Exist: '${executionArn as string}'`);
    return found;
  };

  const summaryOf = ({ executionArn, stateMachineArn, mapRunArn, startDate, stopDate }: HeldExecution) => ({
    executionArn,
    stateMachineArn,
    name: nameOf(executionArn),
    status: stopDate === undefined ? "RUNNING" : "SUCCEEDED",
    startDate: startDate.getTime() / 1000,
    ...(stopDate !== undefined && { stopDate: stopDate.getTime() / 1000 }),
    ...(mapRunArn !== undefined && { mapRunArn }),
  });

  const answer = (operation: string, body: Body): Body => {
    switch (operation) {
      case "ListExecutions": {
        const { stateMachineArn, mapRunArn } = body;
        if ((stateMachineArn === undefined) === (mapRunArn === undefined))
          throw new Refusal("ValidationException", "either stateMachineArn or mapRunArn");
        const mine = endpoint.executions
          .filter((one) =>
            mapRunArn === undefined ? one.stateMachineArn === stateMachineArn : one.mapRunArn === mapRunArn,
          )
          .toSorted((a, b) => b.startDate.getTime() - a.startDate.getTime());
        const { items, nextToken } = page(() => mine, body);
        return { executions: items.map(summaryOf), nextToken };
      }
      case "DescribeExecution":
        return { ...summaryOf(held(body)), input: "{}" };
      case "GetExecutionHistory": {
        const { events } = held(body);
        const { items, nextToken } = page(() => events, body);
        const plain = items.map((event) => ({ ...event, timestamp: (event.timestamp?.getTime() ?? 0) / 1000 }));
        return { events: plain, nextToken };
      }
      default:
        throw new Refusal("UnknownOperationException", operation);
    }
  };

  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const send = (status: number, body: object): void =>
        void outgoing.writeHead(status, { "content-type": "application/x-amz-json-1.0" }).end(JSON.stringify(body));
      try {
        const bytes = Buffer.concat(chunks);
        const fault = signatureFault(incoming, bytes, "states");
        if (fault !== undefined) throw new Refusal("AccessDeniedException", fault);
        const [, operation = ""] = /^AWSStepFunctions\.(\w+)$/.exec(String(incoming.headers["x-amz-target"])) ?? [];
        const body = JSON.parse(bytes.toString()) as Body;
        const about = body["executionArn"] ?? body["stateMachineArn"] ?? body["mapRunArn"];
        endpoint.calls.push(`${operation} ${nameOf(about as string)}`);
        if (endpoint.throttled.has(endpoint.calls.length)) throw new Refusal("ThrottlingException", "Rate exceeded");
        send(200, answer(operation, body));
      } catch (error) {
        const { name, message } = error as Error;
        send(error instanceof Refusal ? 400 : 500, { __type: `com.amazonaws.swf.service.v2.model#${name}`, message });
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");

  const endpoint: StepFunctionsEndpoint = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    executions: [],
    calls: [],
    throttled: new Set(),
    close: () => server.close().closeAllConnections(),
  };
  return endpoint;
};

const nameOf = (arn: string): string => arn.split(":").at(-1) ?? arn;
