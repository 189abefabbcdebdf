/** Text as one word of a command that is told to somebody, who may copy it into a POSIX shell: quoted only where it has to be. */
export const shellWord = (text: string): string =>
  /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
