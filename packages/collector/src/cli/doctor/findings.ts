/** What a look at one thing found. */
export interface Finding {
  readonly check: string;
  /** note: worth knowing, and not in need of mending. */
  readonly level: "ok" | "note" | "problem";
  readonly message: string;
  /** What to mend, and how. */
  readonly advice?: string;
}

export const ok = (check: string, message: string): Finding => ({ check, level: "ok", message });
export const note = (check: string, message: string): Finding => ({ check, level: "note", message });
export const problem = (check: string, message: string, advice: string): Finding => ({
  check,
  level: "problem",
  message,
  advice,
});

/** Two columns, the advice below. */
export const findingLine = ({ check, level, message, advice }: Finding): string =>
  `${level.padEnd(8)} ${check.padEnd(10)} ${message}${advice === undefined ? "" : `\n${" ".repeat(20)}${advice}`}`;
