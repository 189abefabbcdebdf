/**
 * Stitch keys that outlive their spans: of each span that has some, what its keys are read from and nothing else, in a
 * sealed file of its own. Only keys lead into it, so that nobody finds half a span who looks for a span.
 *
 * Cost    every span of the partition is decoded once, when it expires.
 */
import { type Span, spanFromProtobuf, spanToProtobuf } from "@mayfly/otlp";
import { stitchKeyIdentity } from "../../model/stitch-key.ts";
import { attributeReader } from "../../normalize/attributes.ts";
import { SPAN_ID_ATTRIBUTES, spanIdsOf } from "../../normalize/spans.ts";
import { keyIdPlace, keyPlace } from "../terms.ts";
import { decodeBlock, encodeBlock } from "./block.ts";
import type { BlockEntry } from "./partition-reader.ts";
import { sealPartition } from "./seal.ts";
import type { SealSource } from "./seal-source.ts";
import { openSealedReader } from "./sealed-reader.ts";

/** From a sealed partition's file to a file of keys; it is whole or not there. */
export const writeKeys = (sealedPath: string, path: string): void => {
  const reader = openSealedReader(sealedPath);
  const blocks: { readonly entry: BlockEntry; readonly body: Buffer; readonly places: Uint32Array }[] = [];
  try {
    for (const { id, minTime, maxTime } of reader.blocks("spans")) {
      const block = reader.block(id);
      const records: { readonly bytes: Buffer; readonly arrivedAt: bigint }[] = [];
      const places: number[] = [];
      for (let row = 0; row < block.count; row += 1) {
        const span = spanFromProtobuf(block.record(row));
        const { produced, consumed } = spanIdsOf(span, attributeReader(span.attributes));
        const keys = [...produced, ...consumed];
        if (keys.length === 0) continue;
        for (const key of keys) {
          places.push(keyPlace(stitchKeyIdentity(key)), records.length);
          places.push(keyIdPlace(key.id), records.length);
        }
        records.push({ bytes: Buffer.from(spanToProtobuf(keysAlone(span))), arrivedAt: block.arrivedAt(row) });
      }
      const body = encodeBlock(
        records.map(({ bytes, arrivedAt }) => ({
          bytes,
          slices: Uint32Array.of(0, bytes.length, 0),
          origins: [NO_ORIGIN],
          arrivedAt,
        })),
        { level: 1 },
      );
      const entry = { id: blocks.length + 1, records: records.length, minTime, maxTime };
      blocks.push({ entry, body, places: Uint32Array.from(places) });
    }
  } finally {
    reader.close();
  }
  sealPartition({ source: sourceOf(blocks), path, wordsOf: () => ({ words: NO_WORDS, minTime: 0n, maxTime: 0n }) });
};

const NO_ORIGIN = Buffer.alloc(0);
const NO_WORDS = new Uint32Array();

/** Start and ids stay, so that it is a span as any; and links, where a batch names its messages. */
const keysAlone = (span: Span): Span => ({
  ...span,
  traceState: "",
  parentSpanId: "",
  name: "",
  attributes: span.attributes.filter(({ key }) => SPAN_ID_ATTRIBUTES.includes(key)),
  events: [],
});

const sourceOf = (
  blocks: readonly { readonly entry: BlockEntry; readonly body: Buffer; readonly places: Uint32Array }[],
): SealSource => ({
  blocks: (signal) => (signal === "spans" ? blocks.map(({ entry }) => entry) : []),
  block: (id) => decodeBlock(Buffer.from(blocks[id - 1]!.body)), // what nothing packed lies in the body itself
  places: (id) => blocks[id - 1]!.places,
});
