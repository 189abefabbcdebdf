/** Where a line goes: to stdout, and where a collector is set to it as well. */
import type { Scope } from "../scope.ts";
import { sdk } from "../sdk.ts";

export const write = (text: string): void => {
  const { redact, sender } = sdk();
  const line = redact.line(text);
  process.stdout.write(line);
  sender.addLogLine(line);
};

/** To be called when the invocation has failed. */
export const writeHeldLines = ({ invocation, sequence }: Scope): void => {
  for (const line of sdk().held.take(invocation)) write(`${line.slice(0, -2)},"seq":${sequence.next++}}\n`);
};
