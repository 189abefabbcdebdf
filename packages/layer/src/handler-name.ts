/**
 * A handler's name, taken apart as the runtime does.
 *
 *   src/orders.api.create   →   src/ · orders · api.create
 *
 * Source  aws-lambda-ric 3.3.0 (UserFunction.js) and 4.0.2 (handler-parser, user-function-loader), which agree in this.
 */

export interface HandlerName {
  readonly full: string;
  /** Up to the module's name; may be empty, may be absolute. */
  readonly folder: string;
  /** Without its ending: up to the first dot. */
  readonly module: string;
  /** With dots, where it is nested. */
  readonly exported: string;
}

/** An error whose type Lambda reports as `Runtime.…`. */
class RuntimeError extends Error {
  constructor(type: string, message: string) {
    super(message);
    this.name = `Runtime.${type}`;
  }
}

export const parseHandlerName = (full: string): HandlerName => {
  if (full.includes("..")) {
    const advice = "Use absolute paths when specifying root directories in handler names.";
    throw new RuntimeError("MalformedHandlerName", `'${full}' is not a valid handler name. ${advice}`);
  }
  const base = process.getBuiltinModule("node:path").basename(full);
  const [, module, exported] = /^([^.]*)\.(.*)$/.exec(base) ?? [];
  if (module === undefined || exported === undefined) throw new RuntimeError("MalformedHandlerName", "Bad handler");
  return { full, folder: full.slice(0, full.indexOf(base)), module, exported };
};

export const asFunction = (found: unknown, { full }: HandlerName): unknown => {
  if (!found) throw new RuntimeError("HandlerNotFound", `${full} is undefined or not exported`);
  if (typeof found !== "function") throw new RuntimeError("HandlerNotFound", `${full} is not a function`);
  return found;
};
