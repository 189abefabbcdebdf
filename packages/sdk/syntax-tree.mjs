/** Code that is changed where its syntax tree says, and nowhere else. */

/** Children first to last, each after its parent; not into what `visit` answers with "skip". */
export const walk = (node, visit) => {
  if (visit(node) === "skip") return;
  for (const child of Object.values(node).flat()) if (typeof child?.type === "string") walk(child, visit);
};

/** `edits` do not overlap; of two that end at one place, the first given comes first. */
export const edited = (code, edits) => {
  let at = 0;
  const pieces = edits
    .toSorted((a, b) => a.start - b.start)
    .map(({ start, end, by }) => {
      const piece = code.slice(at, start) + by;
      at = end;
      return piece;
    });
  return pieces.join("") + code.slice(at);
};
