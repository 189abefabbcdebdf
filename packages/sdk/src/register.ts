/**
 * `@mayfly/sdk/register`: functions whose code stays as it is.
 *
 *   NODE_OPTIONS=--import=@mayfly/sdk/register
 *
 * The handler is run by OpenTelemetry's instrumentation of Lambda, with the SDK's hooks: its trigger, keys, sampling, log fields and sender. Where
 * that is missing, its name is said and the function runs untraced. Calls by the AWS SDK, HTTP and fetch are told by OpenTelemetry's
 * instrumentations where the function brings them, and by the SDK itself where it does not.
 *
 * Cost  OpenTelemetry's NodeSDK alone takes twice as long to load as all the rest (every exporter there is, gRPC among them), and of it nothing is
 *       needed but for metrics and log records: it is loaded where a variable asks for an exporter of these.
 */
import { readRuntime } from "./config.ts";
import { harmless, warn } from "./diag.ts";
import { disguised } from "./handler-forms/disguise.ts";
import { instrumentLoadedAwsSdk } from "./instrument/aws-sdk/install.ts";
import { observeFetch } from "./instrument/fetch.ts";
import { observeHttp } from "./instrument/http.ts";
import { captureConsole } from "./log/console.ts";
import { isCarried } from "./propagate/propagators.ts";
import { AWS_HOOKS } from "./register/aws-hooks.ts";
import { exchangeHandler } from "./register/handler-module.ts";
import { type LambdaHooks, createLambdaHooks } from "./register/lambda-hooks.ts";
import { isOurs, isSigned, loadHttp } from "./register/outgoing.ts";
import { type Peers, createPeers } from "./register/peers.ts";
import { propagator } from "./register/propagator.ts";
import { type Sdk, sdk } from "./sdk.ts";
import { lendPropagator } from "./trace/globals.ts";
import { tellUncaughtErrors } from "./uncaught.ts";

const LAMBDA = "@opentelemetry/instrumentation-aws-lambda";
const AWS_SDK = "@opentelemetry/instrumentation-aws-sdk";
const HTTP = "@opentelemetry/instrumentation-http";
const UNDICI = "@opentelemetry/instrumentation-undici";
const NODE_SDK = "@opentelemetry/sdk-node";

type Provider = Sdk["spans"]["provider"];

interface Instrumentation {
  setTracerProvider(provider: Provider): void;
}

/** Of OpenTelemetry's instrumentations, what is there for whoever extends them. */
interface Definitions {
  init(): readonly { readonly files: readonly { patch(exports: { handler: object }): { handler: object } }[] }[];
}

type Class<T = Instrumentation> = new (config: object) => T;

const register = (): void => {
  const state = sdk();
  const { taskRoot, handler, asksForOtherSignals } = readRuntime();
  if (state.config.disabled || state.registered || handler === undefined) return;
  const peers = createPeers(taskRoot);
  const hooks = createLambdaHooks(state, LAMBDA);
  const lambda = lambdaInstrumentation(peers, hooks.config);
  if (lambda === undefined) return sayMissing(peers.missing, "the function is not traced");
  const { http, undici, aws } = outgoingInstrumentations(peers, state);
  const all = [lambda, http, undici, aws].filter((one) => one !== undefined);
  if (asksForOtherSignals) startNodeSdk(peers, all);
  for (const one of all) one.setTracerProvider(state.spans.provider);
  state.registered = { flush: hooks.flush, isRepeated: hooks.isRepeated, hasAws: aws !== undefined };
  if (isCarried("w3c", state.config)) lendPropagator(propagator);
  tellUncaughtErrors();
  state.outgoing ??= harmless("observing HTTP", () => {
    const endings = [http ? [] : observeHttp(state), undici ? [] : observeFetch(state)].flat();
    return () => endings.forEach((end) => end());
  });
  exchangeHandler(taskRoot, handler, (own) => {
    // By now the handler's modules are loaded, and with them what they call with.
    state.loaded ??= { atMs: Date.now(), durationMs: performance.now() };
    if (state.config.isCapturingConsole) state.releaseConsole ??= captureConsole();
    if (http) harmless("instrumenting HTTP", loadHttp);
    harmless("instrumenting the AWS SDK", instrumentLoadedAwsSdk);
    return harmless("wrapping the handler", () => disguised(lambda.wrap(own), own)) ?? own;
  });
  // Of the others nothing is missed.
  if (peers.missing.includes(NODE_SDK)) sayMissing([NODE_SDK], "neither metrics nor log records are exported");
};

interface LambdaInstrumentation extends Instrumentation {
  wrap(handler: object): object;
}

/** undefined where the package is missing. */
const lambdaInstrumentation = (peers: Peers, config: LambdaHooks["config"]): LambdaInstrumentation | undefined => {
  const Instrumenting = peers.load(LAMBDA)?.["AwsLambdaInstrumentation"] as
    | Class<Instrumentation & Definitions>
    | undefined;
  if (Instrumenting === undefined) return undefined;
  // Its own way to the handler does not reach one that is imported, and throws where a module's exports are fixed: it gets the
  // handler alone.
  class Lambda extends Instrumenting {
    override init(): [] {
      return [];
    }
    wrap(handler: object): object {
      return super.init()[0]?.files[0]?.patch({ handler }).handler ?? handler;
    }
  }
  return harmless(`starting ${LAMBDA}`, () => new Lambda({ ...config, lambdaHandler: "index.handler" }));
};

const outgoingInstrumentations = (
  peers: Peers,
  { config }: Sdk,
): Record<"http" | "undici" | "aws", Instrumentation | undefined> => {
  const made = (name: string, exported: string, options: object): Instrumentation | undefined => {
    const Made = peers.load(name)?.[exported] as Class | undefined;
    return Made && harmless(`starting ${name}`, () => new Made(options));
  };
  const ours = isOurs(config);
  return {
    http: made(HTTP, "HttpInstrumentation", {
      disableIncomingRequestInstrumentation: true,
      requireParentforOutgoingSpans: true,
      ignoreOutgoingRequestHook: (request: object) => ours(request) || isSigned(request),
    }),
    undici: made(UNDICI, "UndiciInstrumentation", { requireParentforSpans: true, ignoreRequestHook: ours }),
    aws: made(AWS_SDK, "AwsInstrumentation", AWS_HOOKS),
  };
};

/** For what we do not do ourselves. Spans, context and propagation are ours by then. */
const startNodeSdk = (peers: Peers, instrumentations: readonly Instrumentation[]): void => {
  const NodeSDK = peers.load(NODE_SDK)?.["NodeSDK"] as Class<{ start(): void }> | undefined;
  const options = { instrumentations, spanProcessors: [], autoDetectResources: false, textMapPropagator: null };
  if (NodeSDK) harmless(`starting ${NODE_SDK}`, () => new NodeSDK(options).start());
};

const sayMissing = (missing: readonly string[], consequence: string): void =>
  warn(`register: ${missing.join(", ")} not found, so ${consequence}; npm install ${missing.join(" ")}`);

harmless("registering", register);
