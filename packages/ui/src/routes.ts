/** Addresses and the pages they name. */
export type Route =
  | { readonly page: "traces" }
  | { readonly page: "trace"; readonly id: string }
  | { readonly page: "nowhere"; readonly path: string };

export const routeOf = (path: string): Route => {
  if (path === "/" || path === "/traces") return { page: "traces" };
  const id = /^\/traces\/([^/]+)$/.exec(path)?.[1];
  const decoded = id === undefined ? undefined : decode(id);
  return decoded === undefined ? { page: "nowhere", path } : { page: "trace", id: decoded };
};

const decode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
};

export const TRACES_PATH = "/traces";
export const tracePath = (id: string): string => `/traces/${encodeURIComponent(id)}`;
