import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { configFrom, SETTINGS } from "./config.ts";

test("a flag goes before a variable, a variable before the default", () => {
  const env = { MAYFLY_PORT: "4000", MAYFLY_DATA: "/var/mayfly" };
  expect(configFrom({ port: "5000" }, env)).toEqual({ host: "127.0.0.1", port: 5000, dataDir: "/var/mayfly" });
  expect(configFrom({}, {})).toEqual({ host: "127.0.0.1", port: 4318, dataDir: "./mayfly-data" });
});

test("an empty variable counts as unset", () => {
  expect(configFrom({}, { MAYFLY_HOST: "", MAYFLY_PORT: "", MAYFLY_DATA: "" })).toEqual(configFrom({}, {}));
});

test("it cannot be changed afterwards", () => {
  expect(Object.isFrozen(configFrom({}, {}))).toBe(true);
});

test("every bad value is reported at once, with where it came from and what was expected", () => {
  const read = () => configFrom({ host: "0.0.0.0", dataDir: "" }, { MAYFLY_PORT: "70000" });
  expect(read).toThrow(/--host is "0\.0\.0\.0", expected a loopback address.*without API keys/);
  expect(read).toThrow(/MAYFLY_PORT is "70000", expected an integer from 0 to 65535/);
  expect(read).toThrow(/--data is "", expected a path/);
  expect(read).toThrow(expect.objectContaining({ name: "ConfigError", code: "config-invalid" }));
});

test.each(["127.0.0.1", "127.8.8.8", "127.255.249.199", "::1", "localhost"])("%s is the loopback", (host) => {
  expect(configFrom({ host }, {}).host).toBe(host);
});

test.each([
  "0.0.0.0",
  "::",
  "192.168.1.5",
  "127.0.0.1.example.com",
  "127.999.1.1",
  "127.0.0.01",
  "127.1",
  "example.com",
  "",
])("%s is not the loopback", (host) => {
  expect(() => configFrom({ host }, {})).toThrow("loopback");
});

test.each(["-1", "1.5", "0x10", " 80", "65536", ""])("%j is no port", (port) => {
  expect(() => configFrom({ port }, {})).toThrow("--port");
});

test("docs/reference/config.md lists every setting as the table has it", async () => {
  const page = await readFile(new URL("../../../docs/reference/config.md", import.meta.url), "utf8");
  const rows = Object.values(SETTINGS).map(
    (setting) =>
      `| \`${setting.flag} <${setting.argument}>\` | \`${setting.variable}\` | \`${setting.default}\` | ${setting.meaning} | ${setting.expected} |`,
  );
  expect(page.split("\n").filter((line) => line.startsWith("| `"))).toEqual(rows);
});
