/**
 * What ran in an execution → spans, in a trace of the execution's own.
 *
 * A task's attempts have the ids that the context object leads to (ids.ts), so that what its functions send finds its parent
 * here. Nobody else's span is touched: a function is joined by the ids that its task produced.
 */
import type { DescribeExecutionOutput, HistoryEvent } from "@aws-sdk/client-sfn";
import type { Resource, ResourceSpans, Span, SpanEvent } from "@mayfly/otlp";
import type { SpanId } from "../../model/ids.ts";
import { formatStitchKey } from "../../model/stitch-key.ts";
import { type Attributes, madeAttributes } from "../../normalize/made-attributes.ts";
import {
  AWS_REQUEST_ID,
  CLOUD_ACCOUNT_ID,
  CLOUD_PROVIDER,
  CLOUD_PROVIDER_AWS,
  CLOUD_REGION,
  CLOUD_RESOURCE_ID,
  EXCEPTION_EVENT,
  EXCEPTION_MESSAGE,
  EXCEPTION_STACKTRACE,
  EXCEPTION_TYPE,
  FAAS_INVOKED_NAME,
  FAAS_INVOKED_PROVIDER,
  MAYFLY_KEYS_CONSUMED,
  MAYFLY_KEYS_PRODUCED,
  MAYFLY_IN_PROGRESS,
  RPC_METHOD,
  RPC_SERVICE,
  RPC_SYSTEM,
  RPC_SYSTEM_AWS,
  SERVICE_NAME,
  SFN_EXECUTION_ARN,
  SFN_MAP_INDEX,
  SFN_MAP_RUN_ARN,
  SFN_REDRIVE_COUNT,
  SFN_RESOURCE,
  SFN_RETRY_COUNT,
  SFN_STATE_MACHINE_ARN,
  SFN_STATE_NAME,
  SFN_STATE_TYPE,
  SFN_STATUS,
} from "../../normalize/semconv.ts";
import { STEP_FUNCTIONS_IMPORT } from "../../normalize/import-scopes.ts";
import { CLIENT, INTERNAL, SERVER } from "../../normalize/span-kind.ts";
import { VERSION } from "../../version.ts";
import { textOf, textsOf } from "../json-fields.ts";
import { wireSpan } from "../wire-span.ts";
import { stretchesOf } from "./history.ts";
import { attemptSpanId, executionTraceId, spanIdOf } from "./ids.ts";
import { functionNameIn, parsed, producedBy, requestIdIn, startedBy } from "./keys.ts";
import type { Failure, Stretch } from "./stretch.ts";

export type Described = Pick<DescribeExecutionOutput, "executionArn" | "stateMachineArn">;

/** A Map state whose run an execution is part of. */
export interface MapRunParent {
  readonly executionArn: string;
  readonly spanId: SpanId;
}

export interface ExecutionSpans {
  readonly resourceSpans: ResourceSpans;
  readonly spanCount: number;
  /** Executions that its tasks started. */
  readonly children: readonly string[];
  readonly mapRuns: readonly { readonly arn: string; readonly parent: MapRunParent }[];
}

const STATUS_ERROR = 2;
const MAX_TEXT = 4096;

export const spansOfExecution = (
  { executionArn: arn = "", stateMachineArn = "" }: Described,
  events: readonly HistoryEvent[],
  within?: MapRunParent,
): ExecutionSpans => {
  const machine = stateMachineArn.split(":").at(-1) ?? "state machine";
  const stretches = stretchesOf(events, machine);
  const ids = idsOf(arn, stretches);
  const traceId = executionTraceId(arn);
  const started = events.find((event) => event.executionStartedEventDetails !== undefined);
  const parentArn = startedBy(started?.executionStartedEventDetails?.input);
  const spans = stretches.map((stretch): Span => {
    const { kind, name, start, end, failure } = stretch;
    const parent = stretch.within && ids.get(stretch.within);
    return wireSpan({
      traceId,
      spanId: ids.get(stretch)!,
      ...(parent !== undefined && { parentSpanId: parent }),
      name,
      kind: kind === "execution" ? SERVER : kind === "attempt" ? CLIENT : INTERNAL,
      startTimeUnixNano: nanoOf(start),
      endTimeUnixNano: end === undefined ? 0n : nanoOf(end),
      attributes: madeAttributes({
        ...attributesOf(stretch),
        ...(kind === "execution" && executionAttributes(arn, stateMachineArn, parentArn)),
        ...(end === undefined && { [MAYFLY_IN_PROGRESS]: true }),
      }),
      ...(failure !== undefined && {
        status: { code: STATUS_ERROR, message: messageOf(failure) },
        events: [exceptionOf(failure, end ?? start)],
      }),
      ...(kind === "execution" && within !== undefined && { links: [linkTo(within)] }),
    });
  });
  return {
    resourceSpans: {
      resource: resourceOf(machine, stateMachineArn),
      scopeSpans: [{ scope: SCOPE, spans, schemaUrl: "" }],
      schemaUrl: "",
    },
    spanCount: spans.length,
    children: stretches.flatMap(childrenOf),
    mapRuns: stretches.flatMap((stretch) =>
      stretch.mapRunArn === undefined
        ? []
        : [{ arn: stretch.mapRunArn, parent: { executionArn: arn, spanId: ids.get(stretch)! } }],
    ),
  };
};

const SCOPE = { name: STEP_FUNCTIONS_IMPORT, version: VERSION, attributes: [], droppedAttributesCount: 0 };

/**
 * Iterations may enter a state of one name in one millisecond, and a redrive goes on in many states with one event: the first
 * has the id that it wants, which may be what the context object leads to.
 */
const idsOf = (arn: string, stretches: readonly Stretch[]): ReadonlyMap<Stretch, SpanId> => {
  const taken = new Set<SpanId>();
  return new Map(
    stretches.map((stretch) => {
      let id = wantedId(arn, stretch);
      for (let turn = 1; taken.has(id); turn++)
        id = spanIdOf(`${arn}#${stretch.kind}#event ${stretch.eventId}#${turn}`);
      taken.add(id);
      return [stretch, id];
    }),
  );
};

const makesAttempts = ({ kind, type }: Stretch): boolean => kind === "state" && type === "Task";

const wantedId = (arn: string, stretch: Stretch): SpanId => {
  const { kind, name, within, entered, tries, redriveCount, eventId } = stretch;
  if (kind === "attempt" && within !== undefined)
    return attemptSpanId(arn, {
      state: name,
      enteredTime: within.entered.toISOString(),
      retryCount: tries,
      redriveCount,
    });
  if (kind === "state" && !makesAttempts(stretch))
    return attemptSpanId(arn, { state: name, enteredTime: entered.toISOString(), retryCount: 0, redriveCount });
  return spanIdOf(kind === "execution" ? `${arn}#execution` : `${arn}#${kind}#event ${eventId}`);
};

const executionAttributes = (arn: string, stateMachineArn: string, parentArn: string | undefined): Attributes => {
  const key = executionKey(arn);
  return {
    [SFN_EXECUTION_ARN]: arn,
    [SFN_STATE_MACHINE_ARN]: stateMachineArn,
    // Whoever started it made the key; functions whose context object names the execution consume it.
    [MAYFLY_KEYS_CONSUMED]: [key, ...(parentArn === undefined ? [] : [executionKey(parentArn)])],
    [MAYFLY_KEYS_PRODUCED]: [key],
  };
};

const executionKey = (id: string): string => formatStitchKey({ kind: "sfn-execution", id });

const attributesOf = (stretch: Stretch): Attributes => {
  const { kind, name, type, tries, redriveCount, index, mapRunArn, isAborted } = stretch;
  return {
    ...(kind === "state" && { [SFN_STATE_NAME]: name, [SFN_STATE_TYPE]: type, [SFN_MAP_RUN_ARN]: mapRunArn }),
    ...(kind === "iteration" && { [SFN_MAP_INDEX]: index }),
    ...(kind === "attempt" && { [SFN_STATE_NAME]: name, [SFN_RETRY_COUNT]: tries, ...callOf(stretch) }),
    ...(redriveCount > 0 && { [SFN_REDRIVE_COUNT]: redriveCount }),
    [SFN_STATUS]: kind === "execution" || kind === "redrive" ? statusOf(stretch) : isAborted ? "ABORTED" : undefined,
  };
};

/** As Step Functions calls it; a redrive changes nothing about what was before. */
const statusOf = ({ end, failure, isAborted }: Stretch): string => {
  if (end === undefined) return "RUNNING";
  if (isAborted) return "ABORTED";
  return failure === undefined ? "SUCCEEDED" : "FAILED";
};

const callOf = ({ type, parameters, outputs }: Stretch): Attributes => {
  const [, service, action] = /^(?:aws-sdk:)?(\w+):(\w+)/.exec(type) ?? [];
  const keys = new Set(producedBy({ type, parameters, outputs }).map(formatStitchKey));
  const invoked = type.startsWith("arn:")
    ? type.split(":")[6]
    : service === "lambda"
      ? functionNameIn(parameters)
      : undefined;
  return {
    [SFN_RESOURCE]: type,
    ...(!type.startsWith("arn:") && { [RPC_SYSTEM]: RPC_SYSTEM_AWS, [RPC_SERVICE]: service, [RPC_METHOD]: action }),
    ...(invoked !== undefined && { [FAAS_INVOKED_NAME]: invoked, [FAAS_INVOKED_PROVIDER]: CLOUD_PROVIDER_AWS }),
    [AWS_REQUEST_ID[0]]: requestIdIn(outputs),
    ...(keys.size > 0 && { [MAYFLY_KEYS_PRODUCED]: [...keys] }),
  };
};

const childrenOf = ({ kind, type, parameters, outputs }: Stretch): string[] =>
  kind === "attempt"
    ? producedBy({ type, parameters, outputs })
        .filter((key) => key.kind === "sfn-execution")
        .map(({ id }) => id)
    : [];

const clipped = (text: string): string => text.slice(0, MAX_TEXT);

/** A function's failure is JSON in the cause: what it threw. */
const thrownBy = ({ error, cause }: Failure): { type: string; message: string; stack?: string } => {
  const thrown = parsed(cause);
  const stack = textsOf(thrown["trace"])?.join("\n");
  return {
    type: textOf(thrown["errorType"]) ?? error,
    message: textOf(thrown["errorMessage"]) ?? cause,
    ...(stack && { stack }),
  };
};

const messageOf = (failure: Failure): string => {
  const { message } = thrownBy(failure);
  return clipped(message === "" ? failure.error : `${failure.error}: ${message}`);
};

const exceptionOf = (failure: Failure, at: Date): SpanEvent => {
  const { type, message, stack } = thrownBy(failure);
  return {
    timeUnixNano: nanoOf(at),
    name: EXCEPTION_EVENT,
    attributes: madeAttributes({
      [EXCEPTION_TYPE]: type,
      [EXCEPTION_MESSAGE]: clipped(message),
      [EXCEPTION_STACKTRACE]: stack === undefined ? undefined : clipped(stack),
    }),
    droppedAttributesCount: 0,
  };
};

const linkTo = ({ executionArn, spanId }: MapRunParent): Span["links"][number] => ({
  traceId: executionTraceId(executionArn),
  spanId,
  traceState: "",
  attributes: [],
  droppedAttributesCount: 0,
  flags: 0,
});

const resourceOf = (machine: string, stateMachineArn: string): Resource => {
  const [, , , region, account] = stateMachineArn.split(":");
  return {
    attributes: madeAttributes({
      [SERVICE_NAME]: machine,
      [CLOUD_PROVIDER]: CLOUD_PROVIDER_AWS,
      [CLOUD_REGION]: region,
      [CLOUD_ACCOUNT_ID]: account,
      [CLOUD_RESOURCE_ID]: stateMachineArn,
    }),
    droppedAttributesCount: 0,
    entityRefs: [],
  };
};

const nanoOf = (time: Date): bigint => BigInt(time.getTime()) * 1_000_000n;
