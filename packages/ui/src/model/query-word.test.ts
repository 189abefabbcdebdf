import { expect, test } from "vitest";
import { completedQuery, queryWordAt, withTerm } from "./query-word.ts";

/** `|` is the caret. */
const at = (marked: string) => {
  const caret = marked.indexOf("|");
  const text = marked.replace("|", "");
  return { text, caret, word: queryWordAt(text, caret) };
};

test.each([
  ["|", undefined, ""],
  ["fun|", undefined, "fun"],
  ["a -sta|", undefined, "sta"],
  ["(a OR sta|", undefined, "sta"],
  ["function:|", "function", ""],
  ["a function:che|ck b", "function", "che"],
  ["-function:che|", "function", "che"],
  ["function:a,b|", "function", "b"],
  ['name:"POST /or|', "name", "POST /or"],
  ['"my key":v|', "my key", "v"],
  ["http.response.status_code:5|", "http.response.status_code", "5"],
  ["duration:>1|", "duration", ">1"],
  ["(status:e|)", "status", "e"],
])("in %s a value of %s that begins with %j is written", (marked, of, prefix) => {
  const { word } = at(marked);
  expect([word?.of, word?.prefix]).toEqual([of, prefix]);
});

test.each(['"some tex|', "a OR|", "a NOT|", "card*|"])("in %s nothing can be completed", (marked) => {
  expect(at(marked).word).toBeUndefined();
});

const value = (text: string) => ({ kind: "value", text }) as const;
test.each([
  ["fun|", { kind: "field", text: "function" }, "function:|"],
  ["a -sta| b", { kind: "field", text: "status" }, "a -status:| b"],
  ["fu|n:x", { kind: "field", text: "function" }, "function:|x"],
  ["my|", { kind: "attribute", text: "my key" }, '"my key":|'],
  ["che|", { ...value("checkout"), of: "function" }, "function:checkout |"],
  ["function:che|ck", value("checkout"), "function:checkout |"],
  ["function:a,b|", value("bee"), "function:a,bee |"],
  ["name:PO|", value("POST /orders"), 'name:"POST /orders" |'],
  ['name:"POST /or|"', value("POST /orders"), 'name:"POST /orders" |'],
  ["duration:|", value(">1s"), "duration:>1s |"],
  ["tenant:|", value(">1s"), 'tenant:">1s" |'],
  ["(status:e|)", value("error"), "(status:error |)"],
] as const)("%s completed by %j is %s", (marked, completion, expected) => {
  const { text, word } = at(marked);
  const { text: completed, caret } = completedQuery(text, word!, completion);
  expect(`${completed.slice(0, caret)}|${completed.slice(caret)}`).toBe(expected);
});

test("a value that one clicks on is a term more", () => {
  expect(withTerm("", "function", "pay")).toBe("function:pay");
  expect(withTerm("cold:true ", "error", "Card, declined")).toBe('cold:true error:"Card, declined"');
});
