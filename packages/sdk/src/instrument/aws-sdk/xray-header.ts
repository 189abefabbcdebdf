/** Our span as Parent in Lambda's own header, on each attempt of a call; see `xrayHeaderFor` for what it leaves alone. */
import { trace } from "@opentelemetry/api";
import { harmless } from "../../diag.ts";
import { isCarried } from "../../propagate/propagators.ts";
import { currentScope } from "../../scope.ts";
import { sdk } from "../../sdk.ts";
import { xrayHeaderFor } from "../../propagate/xray.ts";
import { senderContext } from "../../trace/sender-context.ts";

interface FinalizeArgs {
  readonly request?: { readonly headers?: Record<string, string> };
}

const HEADER = "x-amzn-trace-id";

export const xrayHeaderMiddleware =
  (next: (args: FinalizeArgs) => Promise<unknown>) =>
  (args: FinalizeArgs): Promise<unknown> => {
    harmless("setting X-Amzn-Trace-Id", () => setHeader(args.request?.headers));
    return next(args);
  };

const setHeader = (headers: Record<string, string> | undefined): void => {
  const active = trace.getActiveSpan();
  const span = active && senderContext(active);
  if (headers === undefined || span === undefined || !isCarried("xray", sdk().config)) return;
  const name = Object.keys(headers).find((one) => one.toLowerCase() === HEADER);
  const given = (name && headers[name]) ?? currentScope()?.invocation.xrayHeader;
  if (given) headers[name ?? "X-Amzn-Trace-Id"] = xrayHeaderFor(given, span);
};
