/**
 * Every way the collector refuses, as classes that answer "whose turn is it?" and codes that programs may rely on.
 *
 * The table below is the only list of codes; docs/reference/errors.md is checked against it. HTTP status is chosen in
 * http-status.ts, exit codes in main.ts. Anything thrown that is none of these is a bug.
 */

interface CodeMeaning {
  readonly meaning: string;
  readonly remedy: string;
}

const INPUT_CODES = {
  "bad-parameter": {
    meaning: "A query parameter is unknown, missing or malformed.",
    remedy: "The message names it and what is expected.",
  },
  "bad-query": {
    meaning: "The query `q` cannot be understood; `at` is where, in UTF-16 units from its start.",
    remedy: "The message says what was expected there and what to write instead; see query.md.",
  },
  "bad-request": {
    meaning: "The request is not valid HTTP for this route.",
    remedy: "The message says what is wrong.",
  },
  "body-too-large": {
    meaning: "The body is larger than 64 MiB, before or after decompression.",
    remedy: "Send smaller batches.",
  },
  "host-not-allowed": {
    meaning: "The Host header names neither the loopback nor the address that was bound (DNS rebinding).",
    remedy: "Use the address that `mayfly serve` printed.",
  },
  "headers-too-large": {
    meaning: "The request's address and headers are larger than 128 KiB.",
    remedy: "Ask for fewer ids at once.",
  },
  "malformed-body": {
    meaning: "The body could not be decompressed or decoded as what the route takes.",
    remedy: "The message names the place; do not retry.",
  },
  "method-not-allowed": { meaning: "The route answers another method.", remedy: "See the Allow header." },
  "request-timeout": {
    meaning: "The request did not arrive whole within the time for it, so its connection was closed.",
    remedy: "Send smaller batches, or give it more time with --request-timeout.",
  },
  "unsupported-content-encoding": {
    meaning: "Content-Encoding is none of identity, gzip, deflate and zstd, or more than one.",
    remedy: "Choose one of them.",
  },
  "unsupported-content-type": {
    meaning:
      "Content-Type is neither application/x-protobuf nor application/json, or not the one that the route takes.",
    remedy: "Use OTLP/HTTP with protobuf or JSON; the other routes take JSON.",
  },
} as const satisfies Record<string, CodeMeaning>;

const ACCESS_CODES = {
  "key-invalid": {
    meaning: "The API key is unknown, revoked or expired, or the session of the UI has ended.",
    remedy: "Make a key with `mayfly keys create`, or sign in again.",
  },
  "key-missing": {
    meaning: "The route needs an API key and none was presented.",
    remedy:
      "Send it as `Authorization: Bearer` or `x-mayfly-key`, from Firehose as its access key; in a browser, sign in.",
  },
  "origin-not-allowed": {
    meaning: "A page of another origin asked for something that changes state.",
    remedy: "Open the UI under the collector's own name; behind a proxy, name it with --allowed-host.",
  },
  "scope-missing": {
    meaning: "The key is good, but for other routes: its scope is ingest or read.",
    remedy: "Use a key with the scope that the message names.",
  },
} as const satisfies Record<string, CodeMeaning>;

const NOT_FOUND_CODES = {
  "not-found": { meaning: "Nothing is stored or served under this name.", remedy: "Check the id or the path." },
} as const satisfies Record<string, CodeMeaning>;

const OVERLOAD_CODES = {
  overloaded: {
    meaning:
      "More telemetry is in flight than the collector holds in memory: 256 MiB of bodies, of which 128 MiB or 10,000 requests may wait for the disk. Or 256 questions wait for an answer.",
    remedy: "Retry after the seconds in Retry-After; exporters do so by themselves.",
  },
} as const satisfies Record<string, CodeMeaning>;

const LIMIT_CODES = {
  "rate-limited": {
    meaning:
      "This key, or this address where no key is needed, asked more often than its limit allows, or presented too many wrong keys. Or as many live streams are open as may be.",
    remedy:
      "Retry after the seconds in Retry-After; exporters do so by themselves. --ingest-rate and --api-rate set the limits.",
  },
} as const satisfies Record<string, CodeMeaning>;

const STORE_CODES = {
  "store-corrupt": {
    meaning:
      "What is stored is damaged: a checksum or a layout is wrong. The damaged part is set aside, the rest answers.",
    remedy: "`mayfly doctor` names the file; restore it from a backup.",
  },
  "keys-unreadable": {
    meaning: "The file of API keys in the data folder cannot be read, or is not Mayfly's.",
    remedy: "Restore keys.json from a backup, or delete it and make new keys.",
  },
  "store-failed": {
    meaning: "The disk refused a read or a write; nothing of the batch is stored.",
    remedy: "Look at free space and permissions of the data folder; exporters retry by themselves.",
  },
  "store-in-use": {
    meaning: "Another Mayfly works on the same data folder.",
    remedy: "Stop it, or choose another folder with --data; the message names the process.",
  },
  "store-newer": {
    meaning: "The data was written by a newer Mayfly.",
    remedy: "Start that version, or choose another data folder.",
  },
  "store-unreadable": {
    meaning:
      "The data folder cannot be opened, a file in it is not Mayfly's, or it holds data of Mayfly 0.1.0 (mayfly.db).",
    remedy: "Check the path given as --data, and its permissions; move data of 0.1.0 away.",
  },
} as const satisfies Record<string, CodeMeaning>;

const KEYS_CODES = {
  "keys-busy": {
    meaning: "Another command is changing the API keys.",
    remedy: "Try again; when none is, delete the file that the message names.",
  },
  "keys-full": { meaning: "There are a thousand keys that are not revoked.", remedy: "Revoke some that nobody needs." },
} as const satisfies Record<string, CodeMeaning>;

const CONFIG_CODES = {
  "config-invalid": {
    meaning: "A flag, a variable or the configuration file has a value that cannot be used.",
    remedy: "The message lists every bad value at once, with what is expected.",
  },
  "keys-needed": {
    meaning: "The collector was told to listen beyond the loopback, and there is no API key yet.",
    remedy: "Make one with `mayfly keys create`, or say --insecure where everyone who reaches the port is trusted.",
  },
} as const satisfies Record<string, CodeMeaning>;

const LISTEN_CODES = {
  "address-unavailable": {
    meaning: "The collector cannot listen on this host and port, usually because another process does.",
    remedy: "Stop the other process, or choose a port with --port, an address of this machine with --host.",
  },
} as const satisfies Record<string, CodeMeaning>;

const AWS_CODES = {
  "aws-failed": {
    meaning: "A service of AWS refused what an import or an export asked of it, or did not answer.",
    remedy:
      "The message says which call and what AWS said: look at credentials, region and permissions, or run it again where AWS was busy.",
  },
} as const satisfies Record<string, CodeMeaning>;

const BUG_CODES = {
  internal: {
    meaning: "A bug in Mayfly; the stack is on the collector's standard error.",
    remedy: "Please report it.",
  },
} as const satisfies Record<string, CodeMeaning>;

export const ERROR_CODES = {
  ...INPUT_CODES,
  ...ACCESS_CODES,
  ...NOT_FOUND_CODES,
  ...OVERLOAD_CODES,
  ...LIMIT_CODES,
  ...KEYS_CODES,
  ...STORE_CODES,
  ...CONFIG_CODES,
  ...LISTEN_CODES,
  ...AWS_CODES,
  ...BUG_CODES,
};

export type ErrorCode = keyof typeof ERROR_CODES;

export class MayflyError<Code extends ErrorCode = ErrorCode> extends Error {
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The operator's turn: the collector does not start. */
export class ConfigError extends MayflyError<keyof typeof CONFIG_CODES> {}

/** The operator's turn: something else has the address. */
export class ListenError extends MayflyError<keyof typeof LISTEN_CODES> {}

/** The sender's turn: the same request will fail again. */
export class InputError extends MayflyError<keyof typeof INPUT_CODES> {}

/** The sender's turn: the address answers these methods. */
export class MethodError extends InputError {
  readonly allowed: readonly string[];

  constructor(message: string, allowed: readonly string[]) {
    super("method-not-allowed", message);
    this.allowed = allowed;
  }
}

/** The sender's turn: the same request is answered when it comes with another key, or from another page. */
export class AccessError extends MayflyError<keyof typeof ACCESS_CODES> {}

/** Which part of a text, in UTF-16 units from its start; `end` is after the last. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** Somebody's query; `at` is where. */
export class QueryError extends InputError {
  readonly at: TextRange;

  constructor(message: string, at: TextRange) {
    super("bad-query", message);
    this.at = at;
  }
}

/** The sender's turn: the same request will succeed later. */
export class OverloadError extends MayflyError<keyof typeof OVERLOAD_CODES> {}

/** The sender's turn: the same request will succeed after this time. */
export class LimitError extends MayflyError<keyof typeof LIMIT_CODES> {
  readonly retryAfterSeconds: number;

  constructor(message: string, retryAfterSeconds: number) {
    super("rate-limited", message);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The operator's turn: the list of keys cannot be changed as it is. */
export class KeysError extends MayflyError<keyof typeof KEYS_CODES> {}

/** AWS's turn, or that of whoever gave us credentials; `cause` is what its SDK threw. */
export class AwsError extends MayflyError<keyof typeof AWS_CODES> {}

export class NotFoundError extends MayflyError<keyof typeof NOT_FOUND_CODES> {}

export type StoreErrorCode = keyof typeof STORE_CODES;

/** The disk's turn; `cause` is what it said. */
export class StoreError extends MayflyError<StoreErrorCode> {}
