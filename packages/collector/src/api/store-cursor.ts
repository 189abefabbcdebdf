/** A cursor of the store's: opaque here, but told from those of other questions. */
const STORE_CURSOR = /^\d+\.[as]\d*-\d*(\.\d+){3}$/;

export const isStoreCursor = (text: string): boolean => STORE_CURSOR.test(text);
