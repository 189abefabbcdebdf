import { expect, test } from "vitest";
import { parseSubscription } from "./telemetry-subscription.ts";

const BODY = {
  schemaVersion: "2022-12-13",
  types: ["platform"],
  destination: { protocol: "HTTP", URI: "http://sandbox.localdomain:8080/telemetry" },
};

const parse = (more: object) => parseSubscription(JSON.stringify({ ...BODY, ...more }));

test("what is not said of the buffering has Lambda's defaults", () => {
  expect(parse({ buffering: { timeoutMs: 25 } })).toEqual({
    schemaVersion: "2022-12-13",
    types: ["platform"],
    buffering: { maxItems: 10_000, maxBytes: 262_144, timeoutMs: 25 },
    destination: { port: 8080, path: "/telemetry" },
  });
});

test.each(["sandbox", "sandbox.localdomain", "localhost", "127.0.0.1"])("%s is this environment", (host) => {
  const URI = `http://${host}:80/x`;
  expect(parse({ destination: { protocol: "HTTP", URI } })).toHaveProperty("problem", "URI port is not provided");
  expect(parse({ destination: { protocol: "HTTP", URI: `http://${host}:8080` } })).toMatchObject({
    destination: { port: 8080, path: "/" },
  });
});

test.each<[what: string, more: object, problem: RegExp]>([
  ["an unknown schema", { schemaVersion: "2021-03-18" }, /schemaVersion is not one of/],
  ["no types", { types: [] }, /types should not be empty/],
  ["an unknown type", { types: ["platform", "all"] }, /types should be of platform, function, extension/],
  ["too few items", { buffering: { maxItems: 999 } }, /buffering\.maxItems should be 1000 to 10000/],
  ["too many bytes", { buffering: { maxBytes: 1_048_577 } }, /buffering\.maxBytes/],
  ["a time that is text", { buffering: { timeoutMs: "25" } }, /buffering\.timeoutMs/],
  ["another host", { destination: { protocol: "HTTP", URI: "http://example.com:80" } }, /host should be sandbox/],
  ["TLS", { destination: { protocol: "HTTP", URI: "https://sandbox:8080" } }, /should be an http URI/],
  ["Lambda's own port", { destination: { protocol: "HTTP", URI: "http://sandbox:9001" } }, /port 9001 is reserved/],
  ["TCP", { destination: { protocol: "TCP", port: 8080 } }, /TCP is not known to the lab/],
  ["no destination", { destination: null }, /protocol should be HTTP or TCP/],
])("%s is refused", (_what, more, problem) => {
  expect(parse(more)).toEqual({ problem: expect.stringMatching(problem) as string });
});

test("no JSON has every fault at once", () => {
  expect(parseSubscription("{")).toEqual({
    problem: expect.stringMatching(/schemaVersion.*types.*destination/) as string,
  });
});
