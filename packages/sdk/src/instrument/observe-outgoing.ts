/** What leaves the process by HTTP, whichever client sends it: once for all copies of this package. Gives back what ends it. */
import type { Sdk } from "../sdk.ts";
import { observeFetch } from "./fetch.ts";
import { observeHttp } from "./http.ts";

export const observeOutgoing = (state: Sdk): (() => void) => {
  const endings = [observeHttp(state), observeFetch(state)];
  return () => endings.forEach((end) => end());
};
