/** One way in which a world may reach the collector: in any order, cut anyhow, some of it twice. */
import { createHash } from "node:crypto";
import type { Part } from "../corpus/orders.ts";
import type { Random } from "../corpus/random.ts";
import { asProtobuf } from "../corpus/requests.ts";

const MAX_PARTS = 8;
const REPEATED = 0.1;

/** Bodies of OTLP requests. A part that comes twice comes in another request, cut in two where it has more than one span. */
export const arrivalOf = (parts: readonly Part[], random: Random): readonly Buffer[] => {
  const again = parts.filter(() => random() < REPEATED);
  const cut = [...parts, ...again].flatMap((part) => (random() < 0.3 ? halves(part) : [part]));
  const waiting = shuffled(cut, random);
  const bodies: Buffer[] = [];
  while (waiting.length > 0) bodies.push(asProtobuf(waiting.splice(0, 1 + Math.floor(random() * MAX_PARTS))));
  return bodies;
};

const halves = ({ resource, spans }: Part): Part[] => {
  const middle = Math.ceil(spans.length / 2);
  return [spans.slice(0, middle), spans.slice(middle)].flatMap((some) =>
    some.length > 0 ? [{ resource, spans: some }] : [],
  );
};

const shuffled = <T>(list: readonly T[], random: Random): T[] => {
  const mixed = [...list];
  for (let end = mixed.length - 1; end > 0; end--) {
    const at = Math.floor(random() * (end + 1));
    [mixed[end], mixed[at]] = [mixed[at] as T, mixed[end] as T];
  }
  return mixed;
};

export const digestOf = (text: string | Uint8Array): Buffer => createHash("sha256").update(text).digest();
