/** A stream of bytes → its lines, one at a time, none longer in memory than the limit. */

export interface Line {
  /** From 1. */
  readonly number: number;
  /** undefined: longer than the limit. */
  readonly bytes: Buffer | undefined;
}

const NEWLINE = 0x0a;

export async function* linesOf(stream: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Line> {
  let number = 1;
  let pieces: Buffer[] = [];
  let length = 0;
  const add = (piece: Buffer): void => {
    length += piece.length;
    if (length > maxBytes) pieces = [];
    else pieces.push(piece);
  };
  const end = (): Line => {
    const line = { number, bytes: length > maxBytes ? undefined : Buffer.concat(pieces, length) };
    number += 1;
    pieces = [];
    length = 0;
    return line;
  };
  for await (const chunk of stream) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      add(chunk.subarray(from, at));
      yield end();
      from = at + 1;
    }
    add(chunk.subarray(from));
  }
  if (length > 0) yield end();
}
