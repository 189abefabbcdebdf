/** Terms as a row of an active partition has them (TermSet) → as they count over all blocks of its signal. */

/** Term, row, … of a block → term, record, … */
export const placesOf = (bytes: Buffer, firstRecord: number): Uint32Array => {
  const pairs = numbersOf(bytes);
  for (let at = 1; at < pairs.length; at += 2) pairs[at]! += firstRecord;
  return pairs;
};

/** Term, … of a block → term, block, … */
export const wordsOf = (bytes: Buffer, block: number): Uint32Array => {
  const words = numbersOf(bytes);
  const pairs = new Uint32Array(words.length * 2).fill(block);
  for (const [index, word] of words.entries()) pairs[index * 2] = word;
  return pairs;
};

/** A copy where the bytes do not lie as numbers must. */
const numbersOf = (bytes: Buffer): Uint32Array => {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, bytes.length / 4);
};
