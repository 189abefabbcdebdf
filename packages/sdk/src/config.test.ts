import { describe, expect, onTestFinished, test, vi } from "vitest";
import { configReference } from "./config-reference.ts";
import type { Environment } from "./config-variables.ts";
import type { SdkConfig } from "./config.ts";

/** The configuration of a cold start in this environment, and what it said about it. */
const read = async (env: Environment, times = 1): Promise<{ config: SdkConfig; said: string[] }> => {
  const said: string[] = [];
  vi.spyOn(process.stderr, "write").mockImplementation((line) => {
    said.push(String(line));
    return true;
  });
  onTestFinished(() => void vi.restoreAllMocks());
  vi.resetModules();
  const { readConfig } = await import("./config.ts");
  for (let n = 1; n < times; n += 1) readConfig(env);
  return { config: readConfig(env), said };
};

const LAMBDA: Environment = {
  AWS_LAMBDA_FUNCTION_NAME: "checkout",
  AWS_LAMBDA_FUNCTION_VERSION: "7",
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "512",
  AWS_LAMBDA_LOG_STREAM_NAME: "2026/01/01/[7]abc",
  AWS_REGION: "eu-west-1",
};

const BASE = "http://127.0.0.1:4318";

test("an empty environment is a configuration, and nothing is said or sent", async () => {
  const { config, said } = await read({});
  expect(config).toMatchObject({
    disabled: false,
    serviceName: "unknown",
    functionName: "unknown",
    functionVersion: "$LATEST",
    region: "",
    tracesHeaders: {},
    logsHeaders: {},
    maxBufferBytes: 2_000_000,
    flushBudgetMs: 300,
    probeIntervalMs: 30_000,
    timeoutMarginMs: 200,
    logLevel: "info",
    endLine: true,
    isHoldingDebug: false,
    isRedacting: true,
    redactKeys: [],
  });
  for (const absent of ["tracesUrl", "logsUrl"]) expect(config).not.toHaveProperty(absent);
  expect(said).toEqual([]);
});

test("it cannot be changed afterwards", async () => {
  expect(Object.isFrozen((await read({})).config)).toBe(true);
});

test("without an argument, the process's own environment is read", async () => {
  vi.stubEnv("AWS_LAMBDA_FUNCTION_NAME", "from-the-process");
  onTestFinished(() => void vi.unstubAllEnvs());
  const { readConfig } = await import("./config.ts");
  expect(readConfig().functionName).toBe("from-the-process");
});

test("an empty variable is as good as none", async () => {
  const { otlp, other } = configReference();
  const names = [...Object.keys(LAMBDA), "OTEL_TRACES_SAMPLER"];
  for (const { name } of [...otlp, ...other]) names.push(name);
  const { config, said } = await read(Object.fromEntries(names.map((name) => [name, ""])));
  expect(config).toEqual((await read({})).config);
  expect(said).toEqual([]);
});

describe("the resource", () => {
  test("says what Lambda's environment knows, memory in bytes", async () => {
    const { config } = await read(LAMBDA);
    expect(config).toMatchObject({ functionName: "checkout", functionVersion: "7", region: "eu-west-1" });
    expect(config.resource).toMatchObject({
      "service.name": "checkout",
      "cloud.provider": "aws",
      "cloud.platform": "aws_lambda",
      "cloud.region": "eu-west-1",
      "faas.name": "checkout",
      "faas.version": "7",
      "faas.instance": "2026/01/01/[7]abc",
      "faas.max_memory": 536_870_912,
      "telemetry.sdk.name": "mayfly",
      "telemetry.sdk.language": "nodejs",
    });
  });

  test("outside Lambda claims no cloud", async () => {
    const names = Object.keys((await read({})).config.resource);
    expect(names.filter((name) => /^(cloud|faas)\./.test(name))).toEqual([]);
  });

  test.each(["much", "-1", "0", "NaN"])("leaves out a memory size that is none: %s", async (size) => {
    const { config } = await read({ ...LAMBDA, AWS_LAMBDA_FUNCTION_MEMORY_SIZE: size });
    expect(config.resource).not.toHaveProperty("faas.max_memory");
  });

  test("takes OTEL_RESOURCE_ATTRIBUTES, percent-decoded, spaces around them off", async () => {
    const { config } = await read({
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name = prod , team=a%2Cb%3Dc%20%C3%A9,url=http://a?b=c,empty=",
    });
    expect(config.resource).toMatchObject({
      "deployment.environment.name": "prod",
      team: "a,b=c é",
      url: "http://a?b=c",
      empty: "",
    });
  });

  test("keeps what Lambda says against what is declared", async () => {
    const { config } = await read({ ...LAMBDA, OTEL_RESOURCE_ATTRIBUTES: "faas.name=other,telemetry.sdk.name=other" });
    expect(config.resource).toMatchObject({ "faas.name": "checkout", "telemetry.sdk.name": "mayfly" });
  });

  test.each([
    ["OTEL_SERVICE_NAME", { OTEL_SERVICE_NAME: "shop", OTEL_RESOURCE_ATTRIBUTES: "service.name=declared" }, "shop"],
    ["the declared attribute", { OTEL_RESOURCE_ATTRIBUTES: "service.name=declared" }, "declared"],
    ["the function's name", {}, "checkout"],
  ])("is named by %s, before what comes after", async (_by, env, name) => {
    const { config } = await read({ ...LAMBDA, ...env });
    expect(config.serviceName).toBe(name);
    expect(config.resource["service.name"]).toBe(name);
  });
});

describe("endpoints", () => {
  test.each([BASE, `${BASE}/`])("the common one gets each signal's path: %s", async (endpoint) => {
    const { config } = await read({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
    expect([config.tracesUrl, config.logsUrl]).toEqual([`${BASE}/v1/traces`, `${BASE}/v1/logs`]);
  });

  test("the common one may have a path of its own", async () => {
    const { config } = await read({ OTEL_EXPORTER_OTLP_ENDPOINT: "https://example.com/otlp/" });
    expect(config.tracesUrl).toBe("https://example.com/otlp/v1/traces");
  });

  test.each([
    ["https://example.com?token=abc", "https://example.com/v1/traces?token=abc"],
    ["https://example.com/otlp/?token=a/b", "https://example.com/otlp/v1/traces?token=a/b"],
    ["https://me:s3cret@example.com", "https://me:s3cret@example.com/v1/traces"],
  ])("the common one keeps its query and its user: %s", async (endpoint, url) => {
    expect((await read({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })).config.tracesUrl).toBe(url);
  });

  test.each([
    ["grpc://me:s3cret@example.com:4317/a?token=s3cret", "grpc://example.com:4317/a"],
    ["grpc://me:p@s3cret@example.com#s3cret", "grpc://example.com"],
    ["me:s3cret@example.com:4318", "example.com:4318"],
    ["example.com?token=s3cret", "example.com"],
  ])("a bad one is said without its secrets: %s", async (endpoint, printed) => {
    const { said } = await read({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
    expect(said).toEqual([expect.stringContaining(`OTEL_EXPORTER_OTLP_ENDPOINT is "${printed}"`)]);
  });

  test("a signal's own is used as it is, and the other signal keeps the common one", async () => {
    const { config } = await read({
      OTEL_EXPORTER_OTLP_ENDPOINT: BASE,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://example.com/in/",
    });
    expect([config.tracesUrl, config.logsUrl]).toEqual(["https://example.com/in/", `${BASE}/v1/logs`]);
  });

  test("a signal's own needs no common one", async () => {
    const { config } = await read({ OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "https://example.com/logs" });
    expect(config).not.toHaveProperty("tracesUrl");
    expect(config.logsUrl).toBe("https://example.com/logs");
  });

  test.each(["localhost:4318", "127.0.0.1:4318", "grpc://127.0.0.1:4317", "file:///tmp/a", "no"])(
    "one that is no http URL is said once for all signals, and nothing is sent: %s",
    async (endpoint) => {
      const { config, said } = await read({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
      expect(config).not.toHaveProperty("tracesUrl");
      expect(config).not.toHaveProperty("logsUrl");
      expect(said).toEqual([expect.stringContaining(`OTEL_EXPORTER_OTLP_ENDPOINT is "${endpoint}"`)]);
    },
  );

  test("a bad one of a signal is said by its own name, and stops that signal only", async () => {
    const { config, said } = await read({
      OTEL_EXPORTER_OTLP_ENDPOINT: BASE,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "no",
    });
    expect(config).not.toHaveProperty("tracesUrl");
    expect(config.logsUrl).toBe(`${BASE}/v1/logs`);
    expect(said).toEqual([expect.stringContaining('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is "no"')]);
  });
});

describe("a standard variable that is not read", () => {
  const names: (readonly [string, string])[] = [
    ["OTEL_EXPORTER_OTLP_CERTIFICATE", "/var/task/ca.pem"],
    ["OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "/var/task/client.pem"],
    ["OTEL_EXPORTER_OTLP_CLIENT_KEY", "/var/task/key.pem"],
  ];

  test.each(names)("is said once and changes nothing: %s=%s", async (name, value) => {
    const { config: usual } = await read({ OTEL_EXPORTER_OTLP_ENDPOINT: BASE });
    const { config, said } = await read({ OTEL_EXPORTER_OTLP_ENDPOINT: BASE, [name]: value }, 3);
    expect(config).toEqual(usual);
    expect(said).toEqual([expect.stringContaining(`${name} is "${value}"`)]);
  });
});

describe("propagators", () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ["", ["tracecontext", "xray", "datadog"], []],
    ["tracecontext", ["tracecontext"], []],
    ["XRay, tracecontext", ["xray", "tracecontext"], []],
    ["none", [], []],
    ["tracecontext,baggage", ["tracecontext", "baggage"], ["baggage, which is not carried"]],
    ["b3", ["tracecontext", "xray", "datadog"], ['OTEL_PROPAGATORS is "b3"']],
  ])("of %j", async (value, propagators, warnings) => {
    const { config, said } = await read({ OTEL_PROPAGATORS: value });
    expect(config.propagators).toEqual(propagators);
    expect(said).toEqual(warnings.map((one) => expect.stringContaining(one)));
  });
});

describe("sampling", () => {
  test("follows the parent, keeps all else, and keeps errors and cold starts whatever was decided", async () => {
    const { config } = await read({});
    expect(config).toMatchObject({ sampler: "parentbased_always_on", samplerRatio: 1, keepSlowMs: 0 });
    expect(config.keep).toEqual(["error", "slow", "cold"]);
  });

  test.each(["always_on", "always_off", "traceidratio", "parentbased_always_off", "parentbased_traceidratio"])(
    "is by each of the standard samplers: %s",
    async (sampler) => {
      const { config, said } = await read({ OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: "0.25" });
      expect([config.sampler, config.samplerRatio, said]).toEqual([sampler, 0.25, []]);
    },
  );

  test.each([
    ["none", []],
    ["error", ["error"]],
    ["Slow, cold", ["slow", "cold"]],
  ])("keeps what MAYFLY_KEEP says: %s", async (MAYFLY_KEEP, keep) => {
    expect((await read({ MAYFLY_KEEP })).config.keep).toEqual(keep);
  });

  test.each([
    ["OTEL_TRACES_SAMPLER", "jaeger_remote"],
    ["OTEL_TRACES_SAMPLER_ARG", "50%"],
    ["OTEL_TRACES_SAMPLER_ARG", "1.1"],
    ["MAYFLY_KEEP", "errors"],
    ["MAYFLY_KEEP_SLOW_MS", "1s"],
  ])("by a value that makes no sense is as if it was not there, and said: %s=%s", async (name, value) => {
    const { config: usual } = await read({});
    const { config, said } = await read({ [name]: value });
    expect(config).toEqual(usual);
    expect(said).toEqual([expect.stringContaining(`${name} is "${value}"`)]);
  });
});

describe("what goes over the wire", () => {
  const PLAIN = { isProtobuf: false, isGzip: false, timeoutMs: 0 };

  test("is plain JSON within the flush budget where nothing else is asked for", async () => {
    const { config, said } = await read({
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_COMPRESSION: "none",
    });
    expect([config.tracesWire, config.logsWire]).toEqual([PLAIN, PLAIN]);
    expect(said).toEqual([]);
  });

  test("is as the common variables say, and for one signal as its own do", async () => {
    const { config, said } = await read({
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
      OTEL_EXPORTER_OTLP_TIMEOUT: "5000",
      OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_LOGS_COMPRESSION: "none",
      OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: "250",
    });
    expect(config.tracesWire).toEqual({ isProtobuf: true, isGzip: true, timeoutMs: 5_000 });
    expect(config.logsWire).toEqual({ ...PLAIN, timeoutMs: 250 });
    expect(said).toEqual([]);
  });

  test.each(
    ["", "TRACES_", "LOGS_"].flatMap((signal) =>
      [
        ["PROTOCOL", "grpc"],
        ["COMPRESSION", "zstd"],
        ["TIMEOUT", "soon"],
      ].map(([name, value]) => [`OTEL_EXPORTER_OTLP_${signal}${name}`, value ?? ""] as const),
    ),
  )("stays as usual where it cannot be done, which is said once: %s=%s", async (name, value) => {
    const { config, said } = await read({ [name]: value });
    expect([config.tracesWire, config.logsWire]).toEqual([PLAIN, PLAIN]);
    expect(said).toEqual([expect.stringContaining(`${name} is "${value}"`)]);
  });
});

describe("headers", () => {
  test("are percent-decoded pairs, and a value may contain the sign between", async () => {
    const { config, said } = await read({
      OTEL_EXPORTER_OTLP_HEADERS: "Authorization=Basic%20dTpw, x-key = a=b== ,,x-bare=100%",
    });
    expect(config.tracesHeaders).toEqual({ Authorization: "Basic dTpw", "x-key": "a=b==", "x-bare": "100%" });
    expect(said).toEqual([]);
  });

  test.each(["Bearer s3cret", "=s3cret", " =s3cret"])(
    "a piece that is no pair is left out and said once, without its text: %s",
    async (piece) => {
      const { config, said } = await read({ OTEL_EXPORTER_OTLP_HEADERS: `a=1,${piece},b=2` });
      expect(config.tracesHeaders).toEqual({ a: "1", b: "2" });
      expect(said).toEqual([expect.stringContaining("OTEL_EXPORTER_OTLP_HEADERS")]);
      expect(said.join("")).not.toContain("s3cret");
    },
  );

  test("of one signal are its own, beside the common ones and before them", async () => {
    const { config } = await read({
      OTEL_EXPORTER_OTLP_HEADERS: "a=1,b=1",
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: "b=2,c=2",
      OTEL_EXPORTER_OTLP_LOGS_HEADERS: "b=3",
    });
    expect(config.tracesHeaders).toEqual({ a: "1", b: "2", c: "2" });
    expect(config.logsHeaders).toEqual({ a: "1", b: "3" });
  });

  test("a name that objects have of their own is a name like any other", async () => {
    const { config } = await read({ OTEL_EXPORTER_OTLP_HEADERS: "__proto__=a,constructor=b" });
    expect(Object.entries(config.tracesHeaders)).toEqual([
      ["__proto__", "a"],
      ["constructor", "b"],
    ]);
  });
});

describe("switches", () => {
  test.each([
    ["true", true],
    ["TRUE", true],
    ["false", false],
  ])("OTEL_SDK_DISABLED=%s", async (value, disabled) => {
    const { config, said } = await read({ OTEL_SDK_DISABLED: value });
    expect(config.disabled).toBe(disabled);
    expect(said).toEqual([]);
  });

  test.each([
    ["OTEL_TRACES_EXPORTER", "tracesUrl", "logsUrl"],
    ["OTEL_LOGS_EXPORTER", "logsUrl", "tracesUrl"],
  ])("%s=none sends nothing of that signal", async (name, absent, present) => {
    const { config, said } = await read({ OTEL_EXPORTER_OTLP_ENDPOINT: BASE, [name]: "none" });
    expect(config).not.toHaveProperty(absent);
    expect(config).toHaveProperty(present);
    expect(said).toEqual([]);
  });

  test("MAYFLY_LOGS=stdout sends spans and no log lines", async () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: BASE, OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: BASE, MAYFLY_LOGS: "stdout" };
    const { config } = await read(env);
    expect(config.tracesUrl).toBe(`${BASE}/v1/traces`);
    expect(config).not.toHaveProperty("logsUrl");
  });

  test("MAYFLY_END_LINE=off leaves out the end line", async () => {
    expect((await read({ MAYFLY_END_LINE: "off" })).config.endLine).toBe(false);
    expect((await read({ MAYFLY_END_LINE: "ON" })).config.endLine).toBe(true);
  });

  test.each([
    [{ MAYFLY_LOG_LEVEL: "WARN", AWS_LAMBDA_LOG_LEVEL: "DEBUG" }, "warn"],
    [{ AWS_LAMBDA_LOG_LEVEL: "DEBUG" }, "debug"],
    [{ MAYFLY_LOG_LEVEL: "silent" }, "silent"],
  ])("the log level is ours, else Lambda's: %j", async (env, level) => {
    expect((await read(env)).config.logLevel).toBe(level);
  });
});

const DURATIONS = [
  ["MAYFLY_FLUSH_BUDGET_MS", "flushBudgetMs", 1],
  ["MAYFLY_PROBE_INTERVAL_MS", "probeIntervalMs", 0],
  ["MAYFLY_TIMEOUT_MARGIN_MS", "timeoutMarginMs", 0],
] as const;

test.each([
  ["128", 1_342_177],
  ["1024", 2_000_000],
  [undefined, 2_000_000],
])("a function of %s MB keeps so much until it can be sent: %i bytes", async (size, bytes) => {
  const { config } = await read({ AWS_LAMBDA_FUNCTION_MEMORY_SIZE: size });
  expect(Math.floor(config.maxBufferBytes)).toBe(bytes);
});

describe("durations", () => {
  test.each(DURATIONS)("%s may be anything up to a minute", async (name, field, least) => {
    for (const [text, value] of [
      [String(least), least],
      ["1500", 1_500],
      ["60000", 60_000],
    ] as const) {
      const { config, said } = await read({ [name]: text });
      expect(config[field]).toBe(value);
      expect(said).toEqual([]);
    }
  });

  test("white space is no zero", async () => {
    expect((await read({ MAYFLY_FLUSH_BUDGET_MS: "  " })).config.flushBudgetMs).toBe(300);
  });
});

describe("a bad value", () => {
  const bad: (readonly [string, string])[] = [
    ["OTEL_SDK_DISABLED", "yes"],
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318"],
    ["OTEL_RESOURCE_ATTRIBUTES", "prod"],
    ["MAYFLY_LOGS", "file"],
    ["OTEL_TRACES_EXPORTER", "zipkin"],
    ["OTEL_LOGS_EXPORTER", "console"],
    ["MAYFLY_LOG_LEVEL", "loud"],
    ["AWS_LAMBDA_LOG_LEVEL", "loud"],
    ["MAYFLY_END_LINE", "maybe"],
    ["MAYFLY_FLUSH_BUDGET_MS", "0"], // nothing could be sent within it
    ...DURATIONS.flatMap(([name]) =>
      ["-1", "1.5", "60001", "300ms", "Infinity", "NaN"].map((value) => [name, value] as const),
    ),
  ];

  test.each(bad)("%s=%s leaves the default, and is said by its name, once", async (name, value) => {
    const { config: usual } = await read(LAMBDA);
    const { config, said } = await read({ ...LAMBDA, [name]: value }, 3);
    expect(config).toEqual(usual);
    expect(said).toEqual([expect.stringMatching(new RegExp(`^mayfly: ${name} .+\n$`))]);
  });

  test("does not hide another", async () => {
    const { said } = await read(Object.fromEntries(bad));
    expect(said).toHaveLength(new Set(bad.map(([name]) => name)).size);
  });
});
