/** The list's filter in the address: the names are the API's own. */
import type { TraceFilter } from "../../api/client.ts";
import { TRACES_PATH } from "../../routes.ts";

export const filterOf = (search: string): TraceFilter => {
  const given = new URLSearchParams(search);
  const q = given.get("q") ?? "";
  const name = given.get("function") ?? "";
  const status = given.get("status");
  const minDurationMs = Number(given.get("minDurationMs") ?? 0);
  return {
    ...(q !== "" && { q }),
    ...(name !== "" && { function: name }),
    ...((status === "ok" || status === "error") && { status }),
    ...(minDurationMs > 0 && Number.isFinite(minDurationMs) && { minDurationMs }),
  };
};

export const tracesAddress = (filter: TraceFilter): string => {
  const search = new URLSearchParams(Object.entries(filter).map(([key, value]) => [key, String(value)])).toString();
  return search === "" ? TRACES_PATH : `${TRACES_PATH}?${search}`;
};

export const isFiltered = (filter: TraceFilter): boolean => Object.keys(filter).length > 0;
