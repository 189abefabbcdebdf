/**
 * The built pages on a free port, under the collector's own content policy, with the API answered by the test.
 *
 * An answer is a value (200, or 400 where it is an error's body), a number (that status), or a function of the address that gives either.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { readFileSync, existsSync } from "node:fs";
import { extname, join } from "node:path";

const DIST = join(import.meta.dirname, "../dist");

const CONTENT_SECURITY_POLICY =
  "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;font-src 'self';connect-src 'self';base-uri 'none';form-action 'none';frame-ancestors 'none'";

export type Answer = object | number | ((url: URL) => Answer);
/** Path of the API, or its beginning followed by `*`, to what it answers. */
export type Answers = Readonly<Record<string, Answer>>;

export interface Site {
  readonly origin: string;
  answer(more: Answers): void;
  close(): Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

export const serveSite = async (answers: Answers): Promise<Site> => {
  let known = answers;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    const { status, type, body } = url.pathname.startsWith("/api/") ? apiAnswer(known, url) : fileAnswer(url.pathname);
    response.writeHead(status, { "content-type": type, "content-security-policy": CONTENT_SECURITY_POLICY });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answer(more) {
      known = { ...known, ...more };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

interface Sent {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
}

const apiAnswer = (answers: Answers, url: URL): Sent => {
  let answer: Answer = answers[url.pathname] ?? answers[url.pathname.replace(/\/[^/]*$/, "/*")] ?? 404;
  while (typeof answer === "function") answer = answer(url);
  if (typeof answer !== "number") {
    return { status: "error" in answer ? 400 : 200, type: "application/json", body: JSON.stringify(answer) };
  }
  const error = { code: answer === 404 ? "not-found" : "store-failed", message: `the test answers ${answer}` };
  return { status: answer, type: "application/json", body: JSON.stringify({ error }) };
};

const fileAnswer = (path: string): Sent => {
  const file = join(DIST, path);
  const shown = extname(path) !== "" && existsSync(file) ? file : join(DIST, "index.html");
  return { status: 200, type: TYPES[extname(shown)] ?? "application/octet-stream", body: readFileSync(shown) };
};
