/**
 * The Extensions API of one environment.
 *
 *   register ──▶ Registered ──next──▶ Ready ──INVOKE──▶ Running
 *                    │  │               ▲  └────next───────┘
 *                    │  └─ /init/error  └ keeps the call until there is an event for it
 *                    └──── /exit/error (from any state)        an error is the end: no call succeeds after it
 *
 * The lab starts no process but the runtime, so whoever registers is an internal extension, part of the runtime's own process: it may
 * register until the runtime asks for its first event, and hears of no SHUTDOWN. An external one is a process that the platform
 * has started under that name before it registers; by its name it would be told apart here.
 *
 * Source  Lambda's Extensions API, 2020-01-01; refusals, their order and words as in aws-lambda-runtime-interface-emulator
 *         (rapi/handler/agent*.go, core/internalagent_states.go).
 */
import { randomUUID } from "node:crypto";
import type { Api, ApiCall } from "./environment-api.ts";

export interface ExtensionsApiDeps {
  readonly functionName: string;
  readonly handler: string;
  readonly accountId: string;
  readonly onRegistered: (extension: RegisteredExtension) => void;
  readonly onNext: (extension: RegisteredExtension) => void;
  /** Extension.InitError or Extension.ExitError: why the environment fails, should it end now. */
  readonly onError: (errorType: string) => void;
}

export interface RegisteredExtension {
  readonly name: string;
  readonly events: readonly EventType[];
}

export type EventType = "INVOKE" | "SHUTDOWN";

export interface InvokeEvent {
  readonly deadlineMs: number;
  readonly requestId: string;
  readonly invokedFunctionArn: string;
  readonly traceHeader: string;
}

export interface ExtensionsApi {
  readonly serve: Api;
  readonly count: number;
  /** Every extension has asked for an event that is not there yet. */
  readonly areWaiting: boolean;
  /** Undefined when the call does not say who it comes from; it is refused then. */
  callerOf(call: ApiCall): RegisteredExtension | undefined;
  /** The runtime is up: no internal extension may come any more. */
  closeRegistration(): void;
  invoke(event: InvokeEvent): void;
}

type State = "Registered" | "Ready" | "Running" | "InitError" | "ExitError";

interface Extension extends RegisteredExtension {
  readonly id: string;
  state: State;
  waiting?: ApiCall | undefined;
}

const ROOT = "/2020-01-01/extension/";
const MAX_EXTENSIONS = 10;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export const createExtensionsApi = (deps: ExtensionsApiDeps): ExtensionsApi => {
  const extensions = new Map<string, Extension>();
  let isRegistrationOpen = true;

  const register = (call: ApiCall): void => {
    const name = header(call, "lambda-extension-name");
    const refusal = name === "" ? EMPTY_NAME : (eventsProblem(call.body) ?? registrationProblem(name));
    if (refusal) return call.refuse(403, ...refusal);
    const extension: Extension = { id: randomUUID(), name, events: eventsOf(call.body), state: "Registered" };
    extensions.set(extension.id, extension);
    deps.onRegistered(extension);
    const { functionName, handler, accountId } = deps;
    const features = header(call, "lambda-extension-accept-feature").split(",");
    const wantsAccount = features.some((feature) => feature.trim() === "accountId");
    const answer = { functionName, functionVersion: "$LATEST", handler, ...(wantsAccount && { accountId }) };
    call.answer(200, answer, { "lambda-extension-identifier": extension.id });
  };

  const registrationProblem = (name: string): Refusal | undefined => {
    if (!isRegistrationOpen) return ["Extension.RegistrationClosed", "Extension registration closed already"];
    if ([...extensions.values()].some((one) => one.name === name))
      return ["Extension.InvalidExtensionState", "Extension with this name already registered"];
    if (extensions.size >= MAX_EXTENSIONS)
      return ["Extension.TooManyExtensions", `Extension limit (${MAX_EXTENSIONS}) reached`];
    return undefined;
  };

  const callerOf = (call: ApiCall): Extension | undefined => {
    const id = header(call, "lambda-extension-identifier");
    const found = extensions.get(id.toLowerCase());
    if (id === "")
      call.refuse(403, "Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header");
    else if (!UUID.test(id))
      call.refuse(403, "Extension.InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier");
    else if (!found) call.refuse(403, "Extension.UnknownExtensionIdentifier", `Unknown extension ${id}`);
    return found;
  };

  const next = (call: ApiCall, extension: Extension): void => {
    if (extension.state !== "Registered" && extension.state !== "Running") return notAllowed(call, extension, "Ready");
    extension.state = "Ready";
    extension.waiting = call;
    deps.onNext(extension);
  };

  const failed = (call: ApiCall, extension: Extension, state: "InitError" | "ExitError"): void => {
    if (header(call, ERROR_TYPE) === "")
      return call.refuse(403, "Extension.MissingHeader", "Lambda-Extension-Function-Error-Type not found");
    const isAllowed = state === "InitError" ? extension.state === "Registered" : extension.state !== "InitError";
    if (!isAllowed && extension.state !== state) return notAllowed(call, extension, state);
    if (extension.state !== state) deps.onError(`Extension.${state}`); // the first error counts
    extension.state = state;
    call.answer(202, { status: "OK" });
  };

  const ofRegistered = new Map<string, (call: ApiCall, extension: Extension) => void>([
    ["GET event/next", next],
    ["POST init/error", (call, extension) => failed(call, extension, "InitError")],
    ["POST exit/error", (call, extension) => failed(call, extension, "ExitError")],
  ]);

  return {
    get count() {
      return extensions.size;
    },
    get areWaiting() {
      return [...extensions.values()].every(({ state }) => state === "Ready");
    },
    callerOf,
    closeRegistration: () => void (isRegistrationOpen = false),
    serve(call) {
      if (!call.path.startsWith(ROOT)) return false;
      const route = `${call.method} ${call.path.slice(ROOT.length)}`;
      const answer = ofRegistered.get(route);
      if (route === "POST register") register(call);
      else if (answer) {
        const extension = callerOf(call);
        if (extension) answer(call, extension);
      } else return false;
      return true;
    },
    invoke({ deadlineMs, requestId, invokedFunctionArn, traceHeader }) {
      const tracing = { type: "X-Amzn-Trace-Id", value: traceHeader };
      const event = { eventType: "INVOKE", deadlineMs, requestId, invokedFunctionArn, tracing };
      for (const extension of extensions.values()) {
        if (extension.state !== "Ready" || !extension.events.includes("INVOKE")) continue;
        const { waiting } = extension;
        extension.state = "Running";
        extension.waiting = undefined;
        waiting?.answer(200, event, { "lambda-extension-event-identifier": randomUUID() });
      }
    },
  };
};

type Refusal = readonly [errorType: string, errorMessage: string];

const EMPTY_NAME: Refusal = ["Extension.InvalidExtensionName", "Empty extension name"];
const ERROR_TYPE = "lambda-extension-function-error-type";

/** Of an internal extension. */
const eventsProblem = (body: string): Refusal | undefined => {
  const events = listedEvents(body);
  if (events === undefined) return ["InvalidRequestFormat", 'the body is not of the form {"events":[…]}'];
  const wrong = events.find((event) => event !== "INVOKE");
  if (wrong === undefined) return undefined;
  const why = wrong === "SHUTDOWN" ? "ShutdownEventNotSupportedForInternalExtension" : "ErrorInvalidEventType";
  return ["Extension.InvalidEventType", `${wrong}: ${why}`];
};

const eventsOf = (body: string): EventType[] => [...new Set(listedEvents(body) as EventType[])];

const listedEvents = (body: string): string[] | undefined => {
  try {
    const { events = [] } = JSON.parse(body) as { events?: unknown };
    return Array.isArray(events) && events.every((one) => typeof one === "string") ? events : undefined;
  } catch {
    return undefined;
  }
};

const header = ({ headers }: ApiCall, name: string): string => {
  const value = headers[name];
  return typeof value === "string" ? value : "";
};

const notAllowed = (call: ApiCall, { id, state }: Extension, wanted: State): void =>
  call.refuse(
    403,
    "Extension.InvalidExtensionState",
    `State transition from ${state} to ${wanted} failed for extension ${id}. Error: State transition is not allowed`,
  );
