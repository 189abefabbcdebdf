/**
 * Ends what a lab leaves behind when it is killed itself. A stopped process cannot notice that its parent is gone, so a
 * shell, outside the parent's process group, keeps the list: its standard input ends with the parent.
 */
import { spawn } from "node:child_process";

/** Of processes that lead a group; what is left of the group ends with them. */
export interface Watchdog {
  watch(pid: number): void;
  forget(pid: number): void;
  /** Ends the shell, and with it whatever is still on its list. */
  close(): Promise<void>;
}

const SCRIPT = `
pids=" "
while read -r what pid; do
  case "$what" in
    watch) pids="$pids$pid " ;;
    forget) pids=$(printf '%s' "$pids" | sed "s/ $pid / /") ;;
  esac
done
[ "$pids" = " " ] || kill -s KILL -- $pids 2>/dev/null`;

export const startWatchdog = (): Watchdog => {
  const shell = spawn("sh", ["-c", SCRIPT], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  shell.unref();
  shell.stdin.on("error", () => undefined); // it is gone: nothing is left to tell it
  const tell = (what: string, pid: number): void => void shell.stdin.write(`${what} -${pid}\n`);
  return {
    watch: (pid) => tell("watch", pid),
    forget: (pid) => tell("forget", pid),
    close: () =>
      new Promise((resolve) => {
        if (shell.exitCode !== null || shell.signalCode !== null) return resolve();
        shell.ref();
        shell.once("exit", () => resolve());
        shell.stdin.end();
      }),
  };
};
