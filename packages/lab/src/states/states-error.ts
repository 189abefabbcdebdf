/** What fails a state: an error name that Retry and Catch compare with, and its cause. */
export class StatesError extends Error {
  override readonly name: string;

  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

export const asStatesError = (error: unknown): StatesError => {
  if (error instanceof StatesError) return error;
  const { name, message } = error instanceof Error ? error : { name: "Error", message: String(error) };
  return new StatesError("States.Runtime", `${name}: ${message}`);
};

/** These end an execution whatever `States.ALL` says. */
const UNCATCHABLE: ReadonlySet<string> = new Set(["States.Runtime", "States.DataLimitExceeded"]);

export const isNamedBy = ({ name }: StatesError, errorEquals: readonly string[]): boolean =>
  errorEquals.some((one) => {
    if (one === name) return true;
    if (UNCATCHABLE.has(name)) return false;
    // Of a task's failures, all but its timeout.
    return one === "States.ALL" || (one === "States.TaskFailed" && name !== "States.Timeout");
  });
