/**
 * Gives a buffer's memory back at once: what is garbage otherwise lies until the next collection, which V8 puts off for
 * tens of megabytes.
 *
 * Only for whoever has the buffer alone: all views of it are empty afterwards. What Node takes from its pool stays.
 */
export const giveBack = (buffer: ArrayBufferLike): void => {
  if (buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize) buffer.transfer(0);
};
