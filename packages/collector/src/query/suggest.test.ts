import { expect, test } from "vitest";
import { batch, span } from "../../test/builders.ts";
import { at, opened } from "../../test/stitched.ts";
import { createSuggester } from "./suggest.ts";

const story = async () => {
  const deps = await opened();
  const spans = ["checkout", "charge", "charge"].map((name, n) =>
    span(name, {
      trace: `t${n}`,
      in: name,
      at: at(n),
      error: n === 0,
      attributes: { order_id: `o-${n}`, tenant: "acme", ...(n === 0 && { "error.type": "Declined" }) },
    }),
  );
  await deps.store.append(batch(spans));
  await deps.summarizer.catchUp();
  let nowMs = 0;
  const suggester = createSuggester({ ...deps, nowMs: () => nowMs });
  const texts = async (of: string | undefined, prefix = ""): Promise<readonly string[]> =>
    (of === undefined ? await suggester.names(prefix, 20) : await suggester.values(of, prefix, 20)).map(
      ({ text }) => text,
    );
  return { ...deps, suggester, texts, pass: (ms: number) => (nowMs += ms) };
};

test("names are those of the fields, then of attributes that newest traces have, most frequent first", async () => {
  const { texts, suggester } = await story();
  expect(await texts(undefined, "s")).toEqual(["service", "status", "spans", "service.name"]);
  expect(await texts(undefined, "ORD")).toEqual(["order_id"]);
  expect(await suggester.names("stat", 1)).toMatchObject([{ kind: "field", text: "status" }]);
  expect(await texts(undefined)).toContain("faas.name");
  expect(await suggester.names("check", 9)).toEqual([{ kind: "value", of: "function", text: "checkout", count: 1 }]);
});

test("values of fields and attributes are suggested, those of most traces first", async () => {
  const { texts, suggester } = await story();
  expect(await suggester.values("function", "c", 20)).toEqual([
    { kind: "value", text: "charge", count: 2 },
    { kind: "value", text: "checkout", count: 1 },
  ]);
  expect(await texts("error")).toEqual(["Declined"]);
  expect(await texts("status")).toEqual(["ok", "error"]);
  expect(await texts("cold", "t")).toEqual(["true"]);
  expect(await texts("name", "CH")).toEqual(["charge", "checkout"]);
  expect(await texts("duration", ">1")).toEqual([">100ms", ">1s"]);
  expect(await texts("order_id", "o-")).toEqual(["o-0", "o-1", "o-2"]);
  expect(await suggester.values("tenant", "", 1)).toEqual([{ kind: "value", text: "acme", count: 3 }]);
  expect(await texts("nobody has this")).toEqual([]);
});

test("what has arrived since is suggested after a while", async () => {
  const { store, summarizer, texts, pass } = await story();
  expect(await texts("tenant")).toEqual(["acme"]);
  await store.append(batch([span("later", { trace: "t9", at: at(9), attributes: { tenant: "late" } })]));
  await summarizer.catchUp();
  expect(await texts("tenant")).toEqual(["acme"]);
  pass(10_000);
  expect(await texts("tenant")).toEqual(["acme", "late"]);
});
