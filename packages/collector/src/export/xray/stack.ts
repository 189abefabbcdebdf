/** A stack as Node.js writes it → the frames of an X-Ray exception. Lines that are no frames are left out. */

interface Frame {
  readonly path: string;
  readonly line: number;
  readonly label?: string;
}

/** X-Ray shows no more, and a document has only so much room. */
const MAX_FRAMES = 100;

/** `at label (path:line:column)`, `at path:line:column`, the column possibly missing. */
const FRAME = /^\s*at (?:(.+?) \()?(.+?):(\d+)(?::\d+)?\)?$/;

export const framesOf = (stack: string): readonly Frame[] | undefined => {
  const frames = stack.split("\n", 10 * MAX_FRAMES).flatMap((text) => {
    const [, label, path, line] = FRAME.exec(text.slice(0, 1000)) ?? [];
    return path === undefined ? [] : [{ path, line: Number(line), ...(label !== undefined && { label }) }];
  });
  return frames.length > 0 ? frames.slice(0, MAX_FRAMES) : undefined;
};
