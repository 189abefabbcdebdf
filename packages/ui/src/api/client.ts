/**
 * The collector's HTTP API. The only file that reaches the network.
 *
 * Every answer that is not 2xx becomes an `ApiError` with the collector's own code and message; a collector that does
 * not answer at all is `unreachable`.
 */
import type {
  ErrorBody,
  LogList,
  LogRecord,
  Session,
  Stats,
  Suggestion,
  Suggestions,
  TraceDetail,
  TraceList,
  TraceStats,
} from "@mayfly/api";

export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  /** Of a query: where its fault is. */
  readonly at: ErrorBody["error"]["at"];

  constructor(code: string, message: string, status: number, at?: ErrorBody["error"]["at"]) {
    super(message);
    this.code = code;
    this.status = status;
    this.at = at;
  }
}

export interface TraceFilter {
  readonly q?: string;
  readonly function?: string;
  readonly status?: "ok" | "error";
  readonly minDurationMs?: number;
}

interface Logs {
  readonly records: readonly LogRecord[];
  readonly truncated: boolean;
}

export interface Client {
  traces(
    filter: TraceFilter & { readonly limit?: number; readonly cursor?: string },
    signal?: AbortSignal,
  ): Promise<TraceList>;
  /** All pages of one trace, each as soon as it is there. */
  trace(id: string, signal?: AbortSignal): AsyncGenerator<TraceDetail, void, void>;
  logs(
    ids: { readonly traceIds: readonly string[]; readonly requestIds: readonly string[] },
    signal?: AbortSignal,
  ): Promise<Logs>;
  stats(signal?: AbortSignal): Promise<Stats>;
  session(): Promise<Session>;
  login(key: string): Promise<Session>;
  logout(): Promise<void>;
  traceStats(filter: TraceFilter, signal?: AbortSignal): Promise<TraceStats>;
  suggest(
    what: { readonly of?: string; readonly prefix: string; readonly limit: number },
    signal?: AbortSignal,
  ): Promise<readonly Suggestion[]>;
}

/** Of one address: a hundred request ids are 5 kB, and strange ones may be long. */
const MAX_QUERY_LENGTH = 8_000;
/** Longer request ids the API does not take; their lines are still known by their traces. */
const MAX_ID_LENGTH = 512;
const LOGS_PER_REQUEST = 10_000;

/** `onRefused`: the collector wants a key that this browser has not. */
export const createClient = (fetchFn: typeof fetch, onRefused: () => void = () => {}): Client => {
  const ask = async (path: string, init: RequestInit): Promise<Response> => {
    const response = await fetchFn(path, init).catch((error: unknown) => {
      throw isAbort(error) ? error : new ApiError("unreachable", "The collector does not answer.", 0);
    });
    if (response.ok) return response;
    if (response.status === 401) onRefused();
    throw await errorFrom(response);
  };
  const get = async <T>(path: string, signal?: AbortSignal): Promise<T> => {
    const response = await ask(path, { headers: { accept: "application/json" }, ...(signal && { signal }) });
    return (await response.json()) as T;
  };

  return {
    traces: (filter, signal) => get(`/api/traces${query(filter)}`, signal),
    stats: (signal) => get("/api/stats", signal),
    session: () => get("/api/session"),
    async login(key) {
      const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ key }) };
      return (await (await ask("/api/login", init)).json()) as Session;
    },
    async logout() {
      await ask("/api/logout", { method: "POST" });
    },
    traceStats: (filter, signal) => get(`/api/traces/stats${query(filter)}`, signal),
    async suggest(what, signal) {
      return (await get<Suggestions>(`/api/suggest${query(what)}`, signal)).suggestions;
    },
    async *trace(id, signal) {
      const path = `/api/traces/${encodeURIComponent(id)}`;
      let page = await get<TraceDetail>(path, signal);
      yield page;
      while (page.cursor !== undefined) {
        page = await get<TraceDetail>(`${path}${query({ cursor: page.cursor })}`, signal);
        yield page;
      }
    },
    async logs({ traceIds, requestIds }, signal) {
      const ids = [
        ...traceIds.map((id) => ["traceId", id] as const),
        ...requestIds.filter((id) => id.length <= MAX_ID_LENGTH).map((id) => ["requestId", id] as const),
      ];
      const lists: LogList[] = [];
      for (const some of queriesOf(ids)) {
        lists.push(await get<LogList>(`/api/logs?limit=${LOGS_PER_REQUEST}${some}`, signal));
      }
      return { records: withoutCopies(lists), truncated: lists.some((list) => list.truncated === true) };
    },
  };
};

const query = (parameters: object): string => {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== "");
  return given.length === 0
    ? ""
    : `?${new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString()}`;
};

/** `&name=id…`, each as long as an address may be. */
const queriesOf = (ids: readonly (readonly [name: string, id: string])[]): readonly string[] => {
  const queries: string[] = [];
  let whole = "";
  for (const [name, id] of ids) {
    const one = `&${new URLSearchParams([[name, id]]).toString()}`;
    if (whole !== "" && whole.length + one.length > MAX_QUERY_LENGTH) {
      queries.push(whole);
      whole = "";
    }
    whole += one;
  }
  return whole === "" ? queries : [...queries, whole];
};

/** A line known by its trace and by its invocation comes once per request that asked for either. */
const withoutCopies = (lists: readonly LogList[]): readonly LogRecord[] => {
  const [only] = lists;
  if (only && lists.length === 1) return only.logs;
  return [...new Map(lists.flatMap((list) => list.logs).map((record) => [JSON.stringify(record), record])).values()];
};

const errorFrom = async (response: Response): Promise<ApiError> => {
  const body: unknown = await response.json().catch(() => undefined);
  if (isErrorBody(body)) return new ApiError(body.error.code, body.error.message, response.status, body.error.at);
  return new ApiError(
    "unexpected",
    `The collector answered ${response.status} ${response.statusText}.`,
    response.status,
  );
};

const isErrorBody = (body: unknown): body is ErrorBody =>
  typeof body === "object" && body !== null && "error" in body && typeof body.error === "object";

export const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === "AbortError";
