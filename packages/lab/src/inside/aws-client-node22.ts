/**
 * Starts AWS's runtime client of Node.js 22 as the managed runtime does: by LAMBDA_TASK_ROOT and _HANDLER, which something that was
 * loaded before may have replaced. (That of Node.js 24 starts by itself; the command that this one brings takes them from its
 * arguments.)
 *
 *   node aws-client-node22.ts <the package's main file>
 */
import { pathToFileURL } from "node:url";

interface Client {
  readonly run: (taskRoot: string, handler: string) => Promise<void>;
}

const { run } = (await import(pathToFileURL(process.argv[2] ?? "").href)) as Client;
await run(process.env["LAMBDA_TASK_ROOT"] ?? "", process.env["_HANDLER"] ?? "");
