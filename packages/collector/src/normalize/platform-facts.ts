/** What Lambda says of an invocation ↔ attributes of the evidence span that says it. The one table of both. */
import type { KeyValue } from "@mayfly/otlp";
import {
  isPlatformFailure,
  PLATFORM_STATUSES,
  platformErrorType,
  type PlatformFacts,
} from "../model/platform-facts.ts";
import type { SpanRecord } from "../model/span.ts";
import { attributeReader } from "./attributes.ts";
import { madeAttributes } from "./made-attributes.ts";
import {
  ERROR_TYPE,
  LAMBDA_BILLED_DURATION_MS,
  LAMBDA_BILLED_RESTORE_DURATION_MS,
  LAMBDA_DURATION_MS,
  LAMBDA_INIT_DURATION_MS,
  LAMBDA_MAX_MEMORY_USED_MB,
  LAMBDA_MEMORY_SIZE_MB,
  LAMBDA_PRODUCED_BYTES,
  LAMBDA_RESTORE_DURATION_MS,
  LAMBDA_STATUS,
} from "./semconv.ts";

const NUMBERS = {
  durationMs: LAMBDA_DURATION_MS,
  billedDurationMs: LAMBDA_BILLED_DURATION_MS,
  memorySizeMb: LAMBDA_MEMORY_SIZE_MB,
  maxMemoryUsedMb: LAMBDA_MAX_MEMORY_USED_MB,
  initDurationMs: LAMBDA_INIT_DURATION_MS,
  restoreDurationMs: LAMBDA_RESTORE_DURATION_MS,
  billedRestoreDurationMs: LAMBDA_BILLED_RESTORE_DURATION_MS,
  producedBytes: LAMBDA_PRODUCED_BYTES,
} as const satisfies Partial<Record<keyof PlatformFacts, string>>;

const NUMBER_NAMES = Object.keys(NUMBERS) as readonly (keyof typeof NUMBERS)[];

/** The version is the resource's, and its own words are the span's status. */
export const factAttributes = (facts: PlatformFacts): KeyValue[] =>
  madeAttributes({
    [LAMBDA_STATUS]: facts.status,
    [ERROR_TYPE]: platformErrorType(facts),
    ...Object.fromEntries(NUMBER_NAMES.map((name) => [NUMBERS[name], facts[name]])),
  });

export const factsOf = ({ wire }: SpanRecord): PlatformFacts => {
  const attributes = attributeReader(wire.attributes);
  const said = attributes.text(LAMBDA_STATUS);
  const status = PLATFORM_STATUSES.find((one) => one === said);
  const errorType = attributes.text(ERROR_TYPE);
  const message = wire.status?.message;
  const facts = {
    ...(status && { status }),
    ...(errorType !== undefined && { errorType }),
    ...(message && { message }),
  };
  return NUMBER_NAMES.reduce<PlatformFacts>((known, name) => {
    const number = attributes.number(NUMBERS[name]);
    return number === undefined ? known : { ...known, [name]: number };
  }, facts);
};

const STATUS_ERROR = 2;

export const statusOfFacts = (facts: PlatformFacts): { readonly code: number; readonly message: string } | undefined =>
  isPlatformFailure(facts) ? { code: STATUS_ERROR, message: facts.message ?? "" } : undefined;
