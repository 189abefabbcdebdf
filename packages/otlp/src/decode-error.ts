/**
 * The one error of this package: the bytes or values given are not the OTLP message asked for.
 *
 * `path` names the place in the JSON mapping's spelling for both encodings, "" for the message itself; `offset` is the
 * byte where reading stopped (protobuf only). Readers that know only their own part throw with the inner path, and
 * whoever called them puts the outer part before it with `under`.
 */
export type DecodeErrorCode =
  | "invalid-protobuf"
  | "invalid-json"
  | "value-too-deep"
  /** These only where raw records are made: objects take ids as they come. */
  | "invalid-trace-id"
  | "invalid-span-id";

/**
 * Told of each span, log record or metric that does not decode; that one is then left out and reading goes on after it.
 * Where a resource or a scope does not, so are all records under it, each told with that error. Where nobody listens it
 * is an error of the whole message, as is all else that is broken around the records.
 *
 * `items` is what OTLP counts by: 1, but for a metric the number of its data points.
 */
export type OnBadRecord = (error: DecodeError, items: number) => void;

export interface DecodeOptions {
  readonly onBadRecord?: OnBadRecord | undefined;
}

export class DecodeError extends Error {
  readonly code: DecodeErrorCode;
  readonly path: string;
  readonly problem: string;
  readonly offset?: number;

  constructor(code: DecodeErrorCode, path: string, problem: string, offset?: number) {
    super(`cannot decode ${path || "the message"}: ${problem}`);
    this.name = "DecodeError";
    this.code = code;
    this.path = path;
    this.problem = problem;
    if (offset !== undefined) this.offset = offset;
  }

  /** The same error, seen from the message that holds this one at `place`. */
  under(place: string): DecodeError {
    return new DecodeError(this.code, this.path === "" ? place : `${place}.${this.path}`, this.problem, this.offset);
  }
}
