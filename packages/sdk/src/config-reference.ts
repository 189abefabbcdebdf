/**
 * What docs/reference/sdk-config.md says of each variable; the types keep it whole. No file of the SDK imports this one,
 * so that a function does not load it (scripts/reference-pages.mjs does).
 */
import { type Kind, OTLP_VARIABLES, VARIABLES } from "./config-variables.ts";

/** One row of the page. */
interface Row {
  readonly name: string;
  readonly otherwise: string;
  readonly expected: string;
  readonly meaning: string;
}

interface Said {
  readonly meaning: string;
  /** Where there is none, and the table's value does not tell. */
  readonly otherwise?: string;
}

const MEANINGS: Readonly<Record<keyof typeof VARIABLES, Said>> = {
  OTEL_SERVICE_NAME: {
    otherwise: "`service.name` of the next, else the function's name",
    meaning: "The resource's `service.name`.",
  },
  OTEL_RESOURCE_ATTRIBUTES: {
    meaning: "Further attributes of the resource. What Lambda itself says of the function comes before them.",
  },
  OTEL_SDK_DISABLED: { meaning: "`true`: `observe` gives the handler back as it is." },
  OTEL_TRACES_EXPORTER: { meaning: "`none`: no span is sent, whatever the endpoint." },
  OTEL_LOGS_EXPORTER: { meaning: "`none`: no line is sent, whatever the endpoint." },
  OTEL_TRACES_SAMPLER: {
    meaning: "Of which invocations all is sent; of the others their own span is, with status, duration and keys.",
  },
  OTEL_TRACES_SAMPLER_ARG: { meaning: "The share that `traceidratio` keeps." },
  OTEL_PROPAGATORS: {
    otherwise: "`tracecontext,xray,datadog`",
    meaning:
      "Which contexts are read from events and written into what leaves. `xray`: Lambda's Root as a trace id, and the Parent in " +
      "`X-Amzn-Trace-Id`; `datadog` is only read. `baggage` is not carried, and said so. With `none` hops are joined by ids alone.",
  },
  MAYFLY_KEEP: {
    otherwise: "`error,slow,cold`",
    meaning: "Of these all is sent, whatever the sampler says; `mayfly.kept` says why.",
  },
  MAYFLY_KEEP_SLOW_MS: { meaning: "From which duration an invocation is slow; 0: none is." },
  MAYFLY_FLUSH_BUDGET_MS: {
    meaning: "How long an invocation may wait for its spans to be sent; never past the remaining time − 50 ms.",
  },
  MAYFLY_HOLD_MS: {
    meaning: "How long a busy environment may hold back what it sends after the response; 0: it is sent after each.",
  },
  MAYFLY_PROBE_INTERVAL_MS: { meaning: "While the collector is away, one attempt to reach it this often." },
  MAYFLY_TIMEOUT_MARGIN_MS: {
    meaning:
      "This long before the function's timeout everything open is sent as it stands, marked `mayfly.unfinished`; " +
      "what ends after all is sent again without the mark. 0 switches it off.",
  },
  MAYFLY_INJECT_PAYLOAD: {
    otherwise: "none",
    meaning:
      "Payloads that may carry a context: `_mayfly` in an event's detail, an execution's input, a record's data, if it is a JSON " +
      "object; metadata of an object in S3.",
  },
  MAYFLY_DYNAMODB_KEYS: {
    otherwise: "none",
    meaning:
      "Which attributes of a table are its keys, by which a `PutItem` is joined to its stream's record: `orders:pk,sk;users:id`.",
  },
  MAYFLY_LOGS: { meaning: "`stdout`: lines are not sent as OTLP." },
  MAYFLY_LOG_LEVEL: { otherwise: "as the next", meaning: "Lines under it are not written." },
  AWS_LAMBDA_LOG_LEVEL: { meaning: "Set by Lambda, where the function's logging is configured as JSON." },
  MAYFLY_DEBUG_BUFFER: {
    meaning:
      "`on`: debug and trace lines under the level are held, up to 256 KiB for each invocation, and written when it throws.",
  },
  MAYFLY_DEBUG_SAMPLE_RATE: {
    meaning:
      "Of this share of all invocations (0.01: one of a hundred) debug lines are written whatever the level. By the trace id, so " +
      "that functions with the same rate agree on a transaction; `silent` stays silent.",
  },
  MAYFLY_CONSOLE: {
    meaning:
      "`on`: what is written by `console.debug`, `log`, `info`, `warn` and `error` during an invocation becomes lines of the logger, by level.",
  },
  MAYFLY_END_LINE: { meaning: "`off`: no line at the end of an invocation." },
  MAYFLY_REDACT: { meaning: "`off`: secrets stay as they are." },
  MAYFLY_REDACT_KEYS: {
    meaning: "`email,customer.name`: further names of fields and attributes, or paths of fields, that are secrets.",
  },
  MAYFLY_CAPTURE_PAYLOAD: {
    otherwise: "nothing",
    meaning:
      "The event, the result, or both stand on the invocation's span, as `mayfly.payload.event` and `mayfly.payload.result`, without secrets.",
  },
  MAYFLY_PAYLOAD_MAX_BYTES: { meaning: "Of each; what is longer is cut." },
  MAYFLY_PROPAGATION_EXCLUDE: {
    meaning:
      "`partner.com`: hosts, with all below them, that get no `traceparent` with a request; `*`: none does. " +
      "Their requests have spans all the same.",
  },
};

const OTLP_MEANINGS: Readonly<Record<keyof typeof OTLP_VARIABLES, Said & { readonly ofOne: string }>> = {
  ENDPOINT: {
    otherwise: "nothing is sent",
    meaning: "Base address; `/v1/traces` and `/v1/logs` are appended to its path. A bad one is none.",
    ofOne: "used as it is, nothing is appended",
  },
  HEADERS: { meaning: "Sent with every request.", ofOne: "besides the common ones, and before them" },
  PROTOCOL: { meaning: "How a request is encoded.", ofOne: "instead of the common one" },
  COMPRESSION: { meaning: "Of a request's body.", ofOne: "instead of the common one" },
  TIMEOUT: {
    meaning:
      "How many milliseconds one request may take, below the flush budget; 0: as long as the budget has. " +
      "No default of 10 s as in the specification: the budget ends it long before.",
    ofOne: "instead of the common one",
  },
};

const row = (name: string, kind: Kind<unknown>, { meaning, otherwise }: Said): Row => {
  const taken = kind.otherwise;
  const isPlain = typeof taken === "number" || (typeof taken === "string" && taken !== "");
  return { name, otherwise: otherwise ?? (isPlain ? `\`${taken}\`` : ""), expected: kind.expected, meaning };
};

const keysOf = <K extends string>(table: Readonly<Record<K, unknown>>): K[] => Object.keys(table) as K[];

/** The rows of a table each: of where telemetry is sent, and of all else. */
export const configReference = (): { readonly otlp: readonly Row[]; readonly other: readonly Row[] } => ({
  otlp: keysOf(OTLP_VARIABLES).flatMap((what) => {
    const { ofOne, ...said } = OTLP_MEANINGS[what];
    return [
      row(`OTEL_EXPORTER_OTLP_${what}`, OTLP_VARIABLES[what], said),
      ...["traces", "logs"].map((signal) => ({
        name: `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${what}`,
        otherwise: "",
        expected: "the same",
        meaning: `Of ${signal} only: ${ofOne}.`,
      })),
    ];
  }),
  other: keysOf(VARIABLES).map((name) => row(name, VARIABLES[name], MEANINGS[name])),
});
