/** A flag that may be given more than once: each time adds a value. */
import { Option } from "commander";

/** `check` throws what is wrong with a value. */
export const repeatable = (flag: string, meaning: string, check: (value: string) => void = () => {}): Option =>
  new Option(flag, meaning).default([], "none").argParser((value, values: readonly string[]) => {
    check(value);
    return [...values, value];
  });
