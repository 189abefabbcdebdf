/**
 * A place in the order of arrival, as cursors and checkpoints say it: `a41.7.12` is row 12 of block 7 of the active
 * partition 41. Sealing puts the rows in another order, so that `a41.…` means nothing in the sealed one (`s41.…`).
 */
export interface Position {
  readonly partition: number;
  readonly isSealed: boolean;
  readonly block: number;
  readonly row: number;
}

const TEXT = /^([as])(\d{1,9})\.(\d{1,9})\.(\d{1,9})$/;

export const formatPosition = ({ partition, isSealed, block, row }: Position): string =>
  `${isSealed ? "s" : "a"}${partition}.${block}.${row}`;

export const parsePosition = (text: string): Position | undefined => {
  const [, state, partition, block, row] = TEXT.exec(text) ?? [];
  if (state === undefined) return undefined;
  return { partition: Number(partition), isSealed: state === "s", block: Number(block), row: Number(row) };
};
