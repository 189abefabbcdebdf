import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { configFrom, DEFAULTS, SETTINGS } from "./config.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mayfly-config-"));
});
afterEach(() => rm(folder, { recursive: true }));

const fileWith = async (name: string, ...lines: readonly string[]): Promise<string> => {
  const file = join(folder, name);
  await writeFile(file, lines.join("\n"));
  return file;
};

test("a flag goes before a variable, a variable before the file, the file before the default", async () => {
  const configFile = await fileWith("mayfly.yaml", "host: localhost", "port: 3000", "data: /file");
  const env = { MAYFLY_PORT: "4000", MAYFLY_DATA: "/var/mayfly" };
  expect(configFrom({ port: "5000", configFile }, env)).toEqual({
    ...DEFAULTS,
    host: "localhost",
    port: 5000,
    dataDir: "/var/mayfly",
    configFile,
  });
  expect(configFrom({}, {})).toMatchObject({ host: "127.0.0.1", port: 4318, dataDir: "./mayfly-data" });
});

test("an empty variable, and an empty value of the file, count as unset", async () => {
  const configFile = await fileWith("mayfly.yaml", "host:", "port: ~", "# nothing else");
  const empty = { MAYFLY_HOST: "", MAYFLY_PORT: "", MAYFLY_DATA: "", MAYFLY_CONFIG: "" };
  expect(configFrom({}, empty)).toEqual(DEFAULTS);
  expect(configFrom({ configFile }, {})).toEqual({ ...DEFAULTS, configFile });
  expect(configFrom({ configFile: await fileWith("empty.yaml") }, {})).toMatchObject({ port: 4318 });
});

test("the file may be named by a variable, and be JSON", async () => {
  const MAYFLY_CONFIG = await fileWith("mayfly.json", JSON.stringify({ port: 4400, data: "/json" }));
  expect(configFrom({}, { MAYFLY_CONFIG })).toMatchObject({ port: 4400, dataDir: "/json" });
});

test("what is wrong in the file is named with its line, beside what is wrong elsewhere", async () => {
  const configFile = await fileWith(
    "mayfly.yaml",
    "# ours",
    "port: 0x10",
    "hots: localhost",
    "colour: red",
    "data: {}",
  );
  const read = () => configFrom({ configFile, host: "0.0.0" }, {});
  expect(read).toThrow(`${configFile}:2: port is "0x10", expected an integer from 0 to 65535`);
  expect(read).toThrow(`${configFile}:3: there is no setting hots; did you mean host?`);
  expect(read).toThrow(`${configFile}:4: there is no setting colour`);
  expect(read).not.toThrow(/colour; did/);
  expect(read).toThrow(`${configFile}:5: data is no value, expected a path`);
  expect(read).toThrow(/--host is "0\.0\.0"/);
});

test("a file cannot name another", async () => {
  const configFile = await fileWith("mayfly.yaml", "config: other.yaml");
  expect(() => configFrom({ configFile }, {})).toThrow("there is no setting config");
});

test.each([
  ["- port", "expected settings"],
  ["port: [1", ":1: "],
  ["port: 1\nport: 2", ":2: Map keys must be unique"],
])("a file that holds %j is refused", async (content, reason) => {
  const configFile = await fileWith("mayfly.yaml", content);
  const read = () => configFrom({ configFile }, {});
  expect(read).toThrow(expect.objectContaining({ code: "config-invalid", message: expect.stringContaining(reason) }));
  expect(read).toThrow(configFile);
});

test("a file that is not there is named", () => {
  const configFile = join(folder, "none.yaml");
  expect(() => configFrom({ configFile }, {})).toThrow(/cannot read the configuration file: ENOENT.*none\.yaml/);
});

test("it cannot be changed afterwards", () => {
  expect(Object.isFrozen(configFrom({}, {}))).toBe(true);
});

test("every bad value is reported at once, with where it came from and what was expected", () => {
  const read = () => configFrom({ host: "0.0.0", dataDir: "" }, { MAYFLY_PORT: "70000" });
  expect(read).toThrow('--host is "0.0.0", expected an IP address or a name of this machine');
  expect(read).toThrow(/MAYFLY_PORT is "70000", expected an integer from 0 to 65535/);
  expect(read).toThrow(/--data is "", expected a path/);
  expect(read).toThrow(expect.objectContaining({ name: "ConfigError", code: "config-invalid" }));
});

test.each(["127.0.0.1", "::1", "localhost", "0.0.0.0", "::", "collector-1.example.com"])(
  "%s can be listened on",
  (host) => {
    expect(configFrom({ host }, {}).host).toBe(host);
  },
);

test.each(["127.999.1.1", "127.0.0.01", "127.1", "a_b", "x.", "[::1]", "localhost:80", ""])(
  "%j is no address",
  (host) => {
    expect(() => configFrom({ host }, {})).toThrow("--host");
  },
);

test("public names and proxies are lists", () => {
  expect(configFrom({ allowedHosts: "mayfly.example, 10.0.0.7", trustedProxies: "10.0.0.0/8,::1" }, {})).toMatchObject({
    allowedHosts: ["mayfly.example", "10.0.0.7"],
    trustedProxies: ["10.0.0.0/8", "::1"],
  });
  for (const flags of [
    { allowedHosts: "a.example:80" },
    { allowedHosts: "https://a.example" },
    { trustedProxies: "10/8" },
  ])
    expect(() => configFrom(flags, {})).toThrow(/^--(allowed-host|trusted-proxy) is /);
});

test.each(["-1", "1.5", "0x10", "8 0", "65536", ""])("%j is no port", (port) => {
  expect(() => configFrom({ port }, {})).toThrow("--port");
});

test("every setting has a flag, a variable and a name of its own", () => {
  for (const by of ["flag", "variable", "key"] as const) {
    const names = Object.values(SETTINGS).map((setting) => setting[by]);
    expect(new Set(names).size).toBe(names.length);
  }
  expect(SETTINGS.dataDir).toMatchObject({ flag: "--data", variable: "MAYFLY_DATA", key: "data" });
});
