/**
 * The runs of functions in a stitched trace, and which function caused which.
 *
 * A run is a unit of a function that names its request, or, where nothing does (other platforms, plain services), one
 * that serves or consumes. Units of one request are one run: the one that says so, or each where none does. A unit that
 * handles one record of a batch is part of the batch's run.
 *
 * Only spans that the trace shows are looked at: of a batch lent to its messages' traces that is the invocation span.
 */
import { isPlatformFailure, platformErrorType } from "../model/platform-facts.ts";
import type { SpanRecord } from "../model/span.ts";
import { stitchKeyIdentity } from "../model/stitch-key.ts";
import { type UnixNano, durationNs } from "../model/time.ts";
import { STEP_FUNCTIONS_IMPORT, XRAY_IMPORT } from "../normalize/import-scopes.ts";
import { ERROR_TYPE_OTHER, FAAS_NAME } from "../normalize/semconv.ts";
import { isColdUnsaid } from "../stitch/invocations.ts";
import type { Unit } from "../stitch/units.ts";
import type { Part, StitchedTrace } from "../stitch/walk.ts";
import type { SummaryCall, SummaryInvocation } from "../store/summaries.ts";
import { errorTypeOf, triggerOf } from "./span-facts.ts";

export const invocationsOf = ({ parts, clocks }: StitchedTrace, start: UnixNano): readonly SummaryInvocation[] => {
  const runs = parts.filter(({ unit }) => isRun(unit));
  const told = new Set(runs.flatMap(({ unit }) => (saysItsRequest(unit) ? [unit.requestId] : [])));
  return runs
    .filter(({ unit }) => unit.requestId === undefined || saysItsRequest(unit) || !told.has(unit.requestId))
    .flatMap((part) => invocationOf(part, clocks.startOf(part.unit.root) - start));
};

/** Of what X-Ray and Step Functions tell, only Lambda's are functions: others are an API, a table, a state machine. */
const functionOf = ({ origin }: SpanRecord): string | undefined => {
  const isImported = IMPORTS.has(origin.scope?.name ?? "");
  const isSaid = origin.resource?.attributes.some(({ key }) => key === FAAS_NAME);
  return isImported && !isSaid ? undefined : origin.functionName;
};

const IMPORTS: ReadonlySet<string> = new Set([XRAY_IMPORT, STEP_FUNCTIONS_IMPORT]);

const SERVER = 2;
const CONSUMER = 5;

const isRun = ({ root, requestId, invocation }: Unit): boolean =>
  invocation === undefined && (requestId !== undefined || root.wire.kind === SERVER || root.wire.kind === CONSUMER);

const saysItsRequest = ({ root, requestId }: Unit): boolean => {
  if (requestId === undefined) return false;
  const own = stitchKeyIdentity({ kind: "lambda-request", id: requestId });
  return root.consumed.some((key) => stitchKeyIdentity(key) === own);
};

const invocationOf = ({ unit, spans }: Part, offset: bigint): SummaryInvocation[] => {
  const { root, path, requestId, platform } = unit;
  const { serviceName } = root.origin;
  const functionName = functionOf(root);
  if (functionName === undefined) return [];
  const trigger = triggerOf(root);
  const said = root.isError ? errorTypeIn([root, ...spans]) : undefined;
  const seen = platform && isPlatformFailure(platform.facts) ? platformErrorType(platform.facts) : undefined;
  const errorType = said === undefined || said === ERROR_TYPE_OTHER ? (seen ?? said) : said;
  return [
    {
      path,
      functionName,
      ...(serviceName !== undefined && { serviceName }),
      ...(requestId !== undefined && { requestId }),
      ...(trigger !== undefined && { trigger }),
      offsetNs: durationNs(0n, offset),
      durationNs: durationNs(root.start, root.wire.endTimeUnixNano),
      ...(errorType !== undefined && { errorType }),
      ...((root.isColdStart || isColdUnsaid(unit)) && { isCold: true }),
    },
  ];
};

/** What the invocation span says, else the first span that failed in it and says one. */
const errorTypeIn = (spans: readonly SpanRecord[]): string =>
  spans
    .filter((span) => span.isError)
    .map(errorTypeOf)
    .find((type) => type !== ERROR_TYPE_OTHER) ?? ERROR_TYPE_OTHER;

/** A message counts once, whether its batch, its record or both say that they received it. */
export const callsOf = ({ joins }: StitchedTrace): readonly SummaryCall[] => {
  const counts = new Map<string, Map<string, Set<string>>>();
  for (const { from, fromUnit, to } of joins) {
    const [caller, callee] = [functionOf(fromUnit.root), functionOf(to.root)];
    const receiver = to.invocation ?? to.path;
    const sender = fromUnit.invocation ?? fromUnit.path;
    if (caller === undefined || callee === undefined || sender === receiver) continue;
    const callees = counts.get(caller) ?? new Map<string, Set<string>>();
    counts.set(caller, callees);
    const messages = callees.get(callee) ?? new Set<string>();
    callees.set(callee, messages.add(`${from.path} ${receiver}`));
  }
  return [...counts].flatMap(([from, callees]) => [...callees].map(([to, { size }]) => ({ from, to, count: size })));
};
