import { describe, expect, test } from "vitest";
import { startCollector } from "../test/collector.ts";
import { freshSdk, lambdaContext } from "../test/fresh-sdk.ts";
import { REDACTED, createRedact } from "./redact.ts";

const redacting = (redactKeys: readonly string[] = []) => createRedact({ isRedacting: true, redactKeys });
const lineOf = (fields: object, keys?: readonly string[]): unknown =>
  JSON.parse(redacting(keys).line(`${JSON.stringify(fields)}\n`));

const JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1LTEifQ.c2lnbmF0dXJlLW9mLWl0";
const AWS_KEY = "AKIAIOSFODNN7EXAMPLE";
const VISA = "4111111111111111";

describe("by name", () => {
  test.each(
    "password Password dbPassword user_passwd pwd passphrase secret client_secret secretAccessKey token accessToken id_token Authorization proxy-authorization apiKey api_key x-api-key API-KEY private_key cookie set-cookie cookies credentials cvv X-Amz-Security-Token passwordHash".split(
      " ",
    ),
  )("a field named %s is replaced, at any depth", (name) => {
    expect(lineOf({ a: [{ b: { [name]: "hunter2", kept: 1 } }] })).toEqual({
      a: [{ b: { [name]: REDACTED, kept: 1 } }],
    });
  });

  test.each([
    ["nextToken", "page-2"],
    ["continuation_token", "c"],
    ["secretArn", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db"],
    ["tokens", 512],
    ["input_tokens", 512],
    ["hasPassword", true],
    ["token", null],
    ["tokenizer", "bpe"],
    ["monkey", "m"],
    ["keyboard", "qwerty"],
  ])("%s: %s is no secret", (name, value) => {
    expect(lineOf({ [name]: value })).toEqual({ [name]: value });
  });

  test("a whole object under such a name goes", () => {
    expect(lineOf({ credentials: { user: "u", key: "k" } })).toEqual({ credentials: REDACTED });
  });

  test("further names and paths can be named, whatever their case", () => {
    const fields = { eMail: "a@b.c", customer: { name: "Ann", card: { name: "visa" } }, name: "kept" };
    expect(lineOf(fields, ["email", "customer.name"])).toEqual({
      eMail: REDACTED,
      customer: { name: REDACTED, card: { name: "visa" } },
      name: "kept",
    });
  });

  test("a name with the signs of a regular expression is just a name", () => {
    expect(lineOf({ "a(b": "x", "a+": "y" }, ["a(b", "a+"])).toEqual({ "a(b": REDACTED, "a+": REDACTED });
  });
});

describe("within a text", () => {
  test.each([
    ["GET /?user=u&token=abc123&page=2", `GET /?user=u&token=${REDACTED}&page=2`],
    ["login with password: hunter2, again", `login with password: ${REDACTED}, again`],
    ['{"user":"u","password":"hunter2"}', `{"user":"u","password":"${REDACTED}"}`],
    [String.raw`{"body":"{\"apiKey\":\"k-1\",\"n\":1}"}`, String.raw`{"body":"{\"apiKey\":\"[redacted]\",\"n\":1}"}`],
    ["Authorization: Basic dTpwYXNz\nAccept: */*", `Authorization: ${REDACTED}\nAccept: */*`],
    ["Cookie: a=b; c=d", `Cookie: ${REDACTED}`],
    ["sent Bearer abcdef0123456789 to it", `sent Bearer ${REDACTED} to it`],
    [`got ${JWT}!`, `got ${REDACTED}!`],
    [`key ${AWS_KEY} used`, `key ${REDACTED} used`],
    [`card ${VISA} declined`, `card ${REDACTED} declined`],
    ["card 4111 1111 1111 1111 declined", `card ${REDACTED} declined`],
    ["card 3782-822463-10005 declined", `card ${REDACTED} declined`],
  ])("%s", (text, expected) => {
    expect(redacting().text(text)).toBe(expected);
  });

  test.each([
    "Unexpected token < in JSON at position 0",
    "token refreshed",
    "basic information about bearer of the letter",
    "card 4111111111111112 has a wrong check digit",
    "at 1767225600315000000 ns, 1767225600315 ms",
    "trace 41111111111111114111111111111111",
    "order o-4111111111111111",
    "version 4.111111111111111",
    "user=u&page=2",
  ])("%s stays", (text) => {
    expect(redacting().text(text)).toBe(text);
  });
});

test("ids that happen to look like card numbers stay", () => {
  const ids = {
    spanId: VISA,
    requestId: VISA,
    orderId: VISA,
    order_id: VISA,
    recordIds: [VISA],
    n: 1,
    messageId: Number(VISA),
  };
  expect(lineOf(ids)).toEqual(ids);
  expect(lineOf({ card: Number(VISA) })).toEqual({ card: REDACTED });
});

test("keys that join functions stay, other attributes are redacted like fields", () => {
  const { attribute } = redacting();
  const keys = [`sqs-message||${VISA}`, "token=x"];
  expect(attribute("mayfly.keys.produced", keys)).toBe(keys);
  expect(attribute("db.password", "hunter2")).toBe(REDACTED);
  expect(attribute("http.request.header.cookie", ["a=b"])).toBe(REDACTED);
  expect(attribute("url.query", "token=abc")).toBe(`token=${REDACTED}`);
  expect(attribute("gen_ai.usage.input_tokens", 7)).toBe(7);
});

test("each replacement is counted, and a line without a secret is the very same text", () => {
  const redact = redacting();
  const line = `${JSON.stringify({ message: "token refreshed", nextToken: "n" })}\n`;
  expect(redact.line(line)).toBe(line);
  expect(redact.count).toBe(0);
  redact.line(JSON.stringify({ password: "a", message: `${AWS_KEY} and ${JWT}` }));
  expect(redact.count).toBe(3);
});

test("a hostile text costs no more than its length", () => {
  const { text } = redacting();
  for (const part of ["token ", '"', "eyJ", "4 ", "bearer ", "cookie:", "\\", "password= "]) {
    const hostile = part.repeat(200_000 / part.length);
    expect(() => text(hostile)).not.toThrow();
  }
});

test("what looks like the beginning of a secret a thousand times over is gone through once", () => {
  // Half a million characters: a search that is quadratic would not come to its end before the test's time is over.
  for (const unit of ["eyJabcdefgh-", "eyJabcdefgh.eyJ", "bearer ", "basic a", "4 4 ", "token ", "arn:secret:", "AKIA"])
    expect(redacting().text(unit.repeat(500_000 / unit.length)).length).toBeGreaterThan(100_000);
});

describe("in a function", () => {
  const run = async (env: Readonly<Record<string, string>> = {}) => {
    const collector = await startCollector();
    const sdk = await freshSdk({ MAYFLY_END_LINE: "off", OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env });
    const held = { user: "u", password: "hunter2" };
    const handler = sdk.observe(async (_event: object, _context: object) => {
      sdk.annotate({ apiKey: "hunter2" });
      sdk.logger.child({ authorization: "hunter2" }).info(held, "password=hunter2");
      await sdk.span("token=hunter2", async () => {
        throw new Error("password=hunter2");
      });
    });
    await handler({}, lambdaContext()).catch(() => {});
    const everything = JSON.stringify([sdk.lines, collector.spans, collector.logs], (_key, value: unknown) =>
      typeof value === "bigint" ? String(value) : value,
    );
    return { everything, held, collector };
  };

  test("neither stdout nor the collector has a secret, and what the handler holds is untouched", async () => {
    const { everything, held, collector } = await run();
    expect(everything).not.toContain("hunter2");
    expect(everything).toContain(REDACTED);
    expect(held).toEqual({ user: "u", password: "hunter2" });
    const invocation = collector.spans.at(-1);
    expect(Number(invocation?.attributes["mayfly.sdk.redacted"])).toBeGreaterThan(3);
    expect(Number(invocation?.attributes["mayfly.sdk.overhead_us"])).toBeGreaterThan(0);
  });

  test("it can be switched off", async () => {
    const { everything } = await run({ MAYFLY_REDACT: "off" });
    expect(everything).toContain("hunter2");
    expect(everything).not.toContain(REDACTED);
  });
});
