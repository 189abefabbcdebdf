/** The `mayfly dev` that runs with a data folder: where it can be reached, for commands in another terminal. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import type { DevAddresses } from "@mayfly/lab/dev";
import { NotFoundError } from "../errors.ts";

export const addressFileIn = (dataDir: string): string => join(dataDir, "dev.json");

export const runningDev = async (dataDir: string): Promise<DevAddresses> => {
  try {
    const addresses = JSON.parse(await readFile(addressFileIn(dataDir), "utf8")) as DevAddresses;
    process.kill(addresses.pid, 0); // it may have been killed
    return addresses;
  } catch {
    throw new NotFoundError(
      "not-found",
      `no \`mayfly dev\` runs with the data folder ${dataDir}; start it, or name its folder with --data`,
    );
  }
};

/** A request to it, or word that it has gone. */
export const askDev = async (url: string, init: RequestInit): Promise<Response> => {
  try {
    return await fetch(url, init);
  } catch (cause) {
    throw new NotFoundError("not-found", `\`mayfly dev\` does not answer at ${url}`, { cause });
  }
};

/** `-` is the standard input, the name of a file its content, anything else itself. */
export const payloadOf = async (given: string): Promise<string> => {
  if (given === "-") return textOf(process.stdin);
  return readFile(given, "utf8").catch(() => given);
};

export const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};
