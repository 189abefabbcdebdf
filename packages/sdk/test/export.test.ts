/**
 * Without a Mayfly collector: the variables that docs/guides/export.md tells, set on a function in the lab, against an endpoint with
 * the vendor's rules.
 */
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { attributesToPlain } from "@mayfly/otlp";
import { type LogLine, startLab } from "@mayfly/lab";
import { expect, onTestFinished, test } from "vitest";
import { type Vendor, type VendorRules, startVendor } from "./vendor.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../../docs/guides/export.md"), "utf8");

interface Told {
  readonly host: string;
  readonly rules: VendorRules;
}

const VENDORS: Readonly<Record<string, Told>> = {
  Honeycomb: {
    host: "https://api.honeycomb.io",
    rules: {
      keyHeader: "x-honeycomb-team",
      headers: {},
      contentTypes: ["application/json", "application/x-protobuf"],
      accepted: 200,
      maxBytes: 15_000_000,
      unauthorized: {
        status: 401,
        headers: { "content-type": "application/json" },
        body: '{"error":"unknown API key - check your credentials"}',
      },
    },
  },
  Datadog: {
    host: "https://otlp.datadoghq.com",
    rules: {
      keyHeader: "dd-api-key",
      headers: { "dd-protocol": "otlp" },
      contentTypes: ["application/x-protobuf"],
      accepted: 202,
      maxBytes: 5_000_000,
      unauthorized: { status: 403, body: '{"status":"error","code":403,"errors":["Forbidden"]}' },
    },
  },
};

/** What the page says to set for one vendor, as it says it but for host and key. */
const variablesFor = (name: string, host: string, vendor: Vendor, key: string): Record<string, string> => {
  const block = PAGE.split(`## ${name}\n`)[1]?.match(/```sh\n([\s\S]*?)```/)?.[1] ?? "";
  expect(block).toContain(host);
  const text = block.replace(host, vendor.url).replace("YOUR_API_KEY", encodeURIComponent(key));
  return Object.fromEntries(
    text
      .trim()
      .split("\n")
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
};

interface Wanted {
  readonly key?: string;
  readonly more?: Readonly<Record<string, string>>;
}

/** A function in the lab that has only variables to tell it where to send. */
const startFunction = async (name: string, { key, more }: Wanted = {}) => {
  const { host, rules } = VENDORS[name] as Told;
  const vendor = await startVendor(rules);
  const logs: LogLine[] = [];
  const lab = await startLab(
    {
      functions: {
        orders: {
          file: join(import.meta.dirname, "handlers/orders.mjs"),
          timeoutMs: 60_000,
          reservedConcurrency: 1,
          environment: {
            ...variablesFor(name, host, vendor, key ?? vendor.key),
            // Of this test: the endpoint's certificate is known to nobody else, and the machine may be slow.
            NODE_EXTRA_CA_CERTS: vendor.certificateFile,
            MAYFLY_FLUSH_BUDGET_MS: "20000",
            ...more,
          },
        },
      },
    },
    { onLog: (line) => logs.push(line) },
  );
  onTestFinished(() => lab.close());
  return {
    vendor,
    said: () => logs.filter(({ text }) => text.startsWith("mayfly:")).map(({ text }) => text),
    invoke: async (event: object): Promise<unknown> => {
      const url = `${lab.environment["AWS_ENDPOINT_URL_LAMBDA"]}/2015-03-31/functions/orders/invocations`;
      const response = await fetch(url, { method: "POST", body: JSON.stringify(event) });
      return response.json();
    },
  };
};

const NAMES = Object.keys(VENDORS);

const SPAN = {
  traceId: "0123456789abcdef0123456789abcdef",
  spanId: "0123456789abcdef",
  name: "orders",
  kind: 2,
  startTimeUnixNano: "1767225600315000000",
  endTimeUnixNano: "1767225600420000000",
};

test.each([
  [200, "a span as it should be", {}],
  [400, "an id of nothing but zeros", { spanId: "0000000000000000" }],
  [400, "a time as a number", { startTimeUnixNano: 1_767_225_600_315_000_000 }],
  [400, "an enum by name", { kind: "SPAN_KIND_SERVER" }],
  [400, "a field in snake case", { parent_span_id: "0123456789abcdef" }],
  [400, "an attribute twice", { attributes: [1, 2].map((n) => ({ key: "a", value: { intValue: String(n) } })) }],
  [400, "an attribute of no known type", { attributes: [{ key: "a", value: { numberValue: 1 } }] }],
])("the endpoint of these tests is strict: %i for %s", async (status, _what, fields) => {
  const { rules } = VENDORS["Honeycomb"] as Told;
  const vendor = await startVendor(rules);
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "orders" } }] };
  const body = JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [{ ...SPAN, ...fields }] }] }] });
  const headers = { "content-type": "application/json", [rules.keyHeader]: vendor.key };
  const answer = await new Promise<number | undefined>((resolve, reject) => {
    const options = { method: "POST", headers, ca: readFileSync(vendor.certificateFile) };
    const sent = request(`${vendor.url}/v1/traces`, options, (response) => resolve(response.resume().statusCode));
    sent.on("error", reject).end(body);
  });
  expect(answer, vendor.refused.join()).toBe(status);
});

test.each(NAMES)("%s takes spans and lines as the page has them sent, without a fault to find", async (name) => {
  const { vendor, invoke, said } = await startFunction(name);
  expect(await invoke({ orderId: "o-1" })).toEqual({ accepted: "o-1" });
  expect(await invoke({ orderId: "o-2", fails: true })).toMatchObject({ errorType: "RangeError" });
  expect(vendor.refused).toEqual([]);
  expect(vendor.spans.map((span) => span.name).toSorted()).toEqual([
    "charge card",
    "charge card",
    "init",
    "orders",
    "orders",
  ]);
  expect(vendor.logs.map(({ body }) => body)).toContainEqual({ stringValue: "order received" });
  for (const { traceId } of vendor.logs) expect(vendor.spans.map((span) => span.traceId)).toContain(traceId);
  for (const { attributes } of vendor.resources)
    expect(attributesToPlain(attributes)).toMatchObject({ "service.name": "orders", "cloud.platform": "aws_lambda" });
  expect(said()).toEqual([]);
});

test.each(NAMES)("%s takes it gzipped, too", async (name) => {
  const { vendor, invoke } = await startFunction(name, { more: { OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" } });
  await invoke({ orderId: "o-1" });
  expect(vendor.refused).toEqual([]);
  expect(vendor.taken.map((headers) => headers["content-encoding"])).toEqual(["gzip", "gzip"]);
});

test.each(NAMES)("a key that %s does not know is said once and not printed; no invocation feels it", async (name) => {
  const { vendor, invoke, said } = await startFunction(name, { key: "s3cret" });
  const { unauthorized } = (VENDORS[name] as Told).rules;
  for (const orderId of ["o-1", "o-2", "o-3"]) expect(await invoke({ orderId })).toEqual({ accepted: orderId });
  expect(vendor.refused).toHaveLength(6);
  expect(said().toSorted()).toEqual(
    ["logs", "traces"].map(
      (signal) =>
        `mayfly: ${vendor.url}/v1/${signal} refused what was sent (status ${unauthorized.status}); check the endpoint and its headers`,
    ),
  );
});

test.each(NAMES)("what %s refuses for good is lost, counted, and not sent again", async (name) => {
  const { vendor, invoke } = await startFunction(name, { more: { MAYFLY_LOGS: "stdout" } });
  vendor.answers.push({ status: 413 });
  expect(await invoke({ orderId: "o-1" })).toEqual({ accepted: "o-1" });
  expect(await invoke({ orderId: "o-2" })).toEqual({ accepted: "o-2" });
  expect(vendor.refused).toEqual(["413"]);
  expect(vendor.spans.map((span) => span.name)).toEqual(["charge card", "orders"]);
  expect(vendor.spans[1]?.attributes).toMatchObject({ orderId: "o-2", "mayfly.sdk.dropped_spans": 3 });
});

test.each(NAMES)("what %s does not take now is kept, and arrives as soon as it does", async (name) => {
  const { vendor, invoke } = await startFunction(name, {
    more: { MAYFLY_LOGS: "stdout", MAYFLY_PROBE_INTERVAL_MS: "0" },
  });
  vendor.answers.push({ status: 429, headers: { "ratelimit-policy": "100;w=60" }, body: "slow down" });
  expect(await invoke({ orderId: "o-1" })).toEqual({ accepted: "o-1" });
  for (let n = 2; vendor.spans.length < 5 && n < 100; n += 1) await invoke({ orderId: `o-${n}` });
  expect(vendor.refused).toEqual(["429 slow down"]);
  expect(vendor.spans.slice(0, 3).map(({ name: of }) => of)).toEqual(["charge card", "init", "orders"]);
  expect(vendor.spans[2]?.attributes).toMatchObject({ orderId: "o-1" });
  expect(vendor.spans.at(-1)?.attributes).toMatchObject({ "mayfly.sdk.flush_failures": 1 });
  expect(vendor.spans.at(-1)?.attributes).not.toHaveProperty("mayfly.sdk.dropped_spans");
});

test.each(NAMES)("what %s takes in part is believed, said, and not sent again", async (name) => {
  const { vendor, invoke, said } = await startFunction(name, { more: { MAYFLY_LOGS: "stdout" } });
  vendor.partialSuccess = { rejected: 1, errorMessage: "one is too old" };
  await invoke({ orderId: "o-1" });
  delete vendor.partialSuccess;
  await invoke({ orderId: "o-2" });
  expect(vendor.taken).toHaveLength(2);
  expect(vendor.spans.at(-1)?.attributes).toMatchObject({ "mayfly.sdk.dropped_spans": 1 });
  expect(said()).toEqual([`mayfly: ${vendor.url}/v1/traces did not take all that was sent: one is too old`]);
});
