/** Against the bytes of RFC 9112, in pieces of any size. */
import { expect, test } from "vitest";
import { MAX_ANSWER_BYTES, MAX_ANSWER_HEAD_LENGTH } from "../limits.ts";
import { type Answer, createAnswerReader } from "./answer.ts";

/** What is read of a text that comes in pieces, and then the connection ends. */
const answersIn = (text: string, pieceLength = text.length): Answer[] => {
  const reader = createAnswerReader();
  const answers: (Answer | undefined)[] = [];
  for (let at = 0; at < text.length; at += pieceLength)
    answers.push(reader.read(Buffer.from(text.slice(at, at + pieceLength), "latin1")));
  return [...answers, reader.end()].filter((one) => one !== undefined);
};

const told = ({ status, body, isLast }: Answer): unknown[] => [status, body.toString(), isLast];

const LENGTH = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Id:id-1\r\n\r\nhello";
const CHUNKED =
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhel\r\r\n003;x=y\r\nlo!\r\n0\r\nx-trailer: 1\r\n\r\n";

test.each([1, 2, 3, 7, 1_000])("an answer is read whole, in pieces of %i", (pieceLength) => {
  expect(answersIn(LENGTH, pieceLength).map(told)).toEqual([[200, "hello", false]]);
  expect(answersIn(CHUNKED, pieceLength).map(told)).toEqual([[200, "hel\rlo!", false]]);
  expect(answersIn(LENGTH, pieceLength)[0]?.headers.get("x-id")).toBe("id-1");
});

test("one after another comes on the same connection", () => {
  const reader = createAnswerReader();
  const read = [LENGTH, CHUNKED, LENGTH].map((text) => reader.read(Buffer.from(text)));
  expect(read.map((one) => one?.body.toString())).toEqual(["hello", "hel\rlo!", "hello"]);
});

test.each<[string, string, unknown[]]>([
  ["of 204 has no body", "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n", [204, "", false]],
  ["without a reason or a body", "HTTP/1.1 429\r\ncontent-length: 0\r\n\r\n", [429, "", false]],
  [
    "comes after others that only say that it will",
    `HTTP/1.1 103 Early\r\nlink: x\r\n\r\n${LENGTH}`,
    [200, "hello", false],
  ],
  ["without a length ends with the connection", "HTTP/1.1 200 OK\r\n\r\nhel\r\n\r\nlo", [200, "hel\r\n\r\nlo", true]],
  ["may say that it is the last", "HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n", [200, "", true]],
  ["of HTTP/1.0 is the last", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", [200, "hi", true]],
  [
    "of HTTP/1.0 may keep the connection",
    "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi",
    [200, "hi", false],
  ],
  ["that is longer than it says leaves nothing to rely on", `${LENGTH}HTTP`, [200, "hello", true]],
])("an answer %s", (_what, text, expected) => {
  expect(answersIn(text).map(told)).toEqual([expected]);
});

test("an answer that ends too early is none", () => {
  for (const text of [LENGTH, CHUNKED]) expect(answersIn(text.slice(0, -1))).toEqual([]);
});

test.each([
  "\0\u0001 this is no HTTP\r\n\r\n",
  "HTTP/2 200\r\n\r\n",
  "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello",
  "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
  `HTTP/1.1 200 ${"x".repeat(MAX_ANSWER_HEAD_LENGTH)}`,
  `HTTP/1.1 200 OK\r\n${"x: y\r\n".repeat(MAX_ANSWER_HEAD_LENGTH)}`,
])("what is no answer of HTTP/1.1 is refused: %j", (text) => {
  expect(() => answersIn(text, 1_000)).toThrow(/answer|chunk/);
});

test("of a body without end, only its beginning is kept", () => {
  const reader = createAnswerReader();
  reader.read(Buffer.from("HTTP/1.1 200 OK\r\n\r\n"));
  for (let n = 0; n < 1_000; n += 1) reader.read(Buffer.alloc(MAX_ANSWER_BYTES / 10));
  expect(reader.end()?.body).toHaveLength(MAX_ANSWER_BYTES);
});
