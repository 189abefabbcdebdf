/** Single protobuf fields as bytes, for messages that no encoder would write. A field at its default is no bytes. */

export const varintField = (fieldNumber: number, value: bigint): Buffer =>
  value === 0n ? Buffer.of() : Buffer.from([...varint(BigInt(fieldNumber << 3)), ...varint(value)]);

export const stringField = (fieldNumber: number, text: string): Buffer =>
  text === "" ? Buffer.of() : messageField(fieldNumber, Buffer.from(text));

export const messageField = (fieldNumber: number, message: Buffer): Buffer =>
  Buffer.concat([Buffer.from([...varint(BigInt((fieldNumber << 3) | 2)), ...varint(BigInt(message.length))]), message]);

/** Seven bits a byte, low ones first; a negative number takes ten bytes, as its two's complement in 64 bits. */
const varint = (value: bigint): number[] => {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
};
