/**
 * `mayfly dev`, running: a lab of the user's functions, whose code and definition follow the files.
 *
 *   source saved    →  built  →  good: its functions run it from the next invocation on
 *                             →  broken: told; what ran goes on
 *   dev file saved  →  read   →  good: the lab changes in place, or starts again where a queue, topic, bus or machine changed
 *                             →  wrong: told; what ran goes on
 *
 * Errors  DevFileError; what the lab and the system refuse, such as a port in use. Nothing is left open then.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import type { FunctionDefinition, LabDefinition } from "../definition.ts";
import type { FinishedExecution } from "../event-sources/step-functions.ts";
import type { FinishedInvocation } from "../function.ts";
import { DefinitionError, type Lab, startLab } from "../lab.ts";
import type { Runtime } from "../runtime.ts";
import { type Code, codeOf } from "./code.ts";
import { DevFileError, type DevFiles, readDevFiles } from "./file.ts";
import { type Paint, type Screen, createScreen } from "./screen.ts";
import { startBlock } from "./start-block.ts";
import { type Watcher, createWatcher } from "./watch.ts";

export interface DevOptions {
  readonly files: DevFiles;
  /** Where `files` were named from; paths are shown from here. */
  readonly folder: string;
  readonly collectorUrl: string;
  /** Of the HTTP API; 0: any that is free. */
  readonly httpPort: number;
  readonly runtimeClient: Runtime;
  readonly isWatching: boolean;
  /** Of all functions, over the lab's, under the dev file's. */
  readonly environment: Readonly<Record<string, string>>;
  /** Says where this lab is, for `mayfly invoke` and `mayfly send`; removed at the end. */
  readonly addressFile: string;
  readonly print: (line: string) => void;
  readonly paint: Paint;
}

/** What the address file says. */
export interface DevAddresses {
  readonly pid: number;
  readonly collectorUrl: string;
  readonly lambdaUrl: string;
  readonly sqsUrl: string;
  readonly region: string;
  readonly functions: readonly string[];
  /** Name → URL. */
  readonly queues: Readonly<Record<string, string>>;
}

export interface DevSession {
  readonly httpUrl: string;
  close(): Promise<void>;
}

export const startDev = async (options: DevOptions): Promise<DevSession> => {
  const session = new RunningSession(options);
  try {
    await session.start();
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
};

const MAX_SHOWN = 3;

class RunningSession implements DevSession {
  readonly #options: DevOptions;
  readonly #screen: Screen;
  readonly #watcher: Watcher | undefined;
  #files: DevFiles;
  #code = new Map<string, Code>();
  #lab: Lab | undefined;
  #httpPort: number;
  #isClosing = false;
  /** Changes are taken up one after the other. */
  #work: Promise<void> = Promise.resolve();

  constructor(options: DevOptions) {
    const { print, paint, isWatching, files, addressFile } = options;
    this.#options = options;
    this.#files = files;
    this.#screen = createScreen({ print, paint });
    this.#httpPort = hasRoutes(files.definition) ? options.httpPort : 0;
    this.#watcher = isWatching
      ? createWatcher({
          onChange: (paths) => void (this.#work = this.#work.then(() => this.#changed(paths))),
          onError: print,
          leftOut: [resolve(dirname(addressFile))],
        })
      : undefined;
  }

  get httpUrl(): string {
    return this.#lab?.httpUrl ?? "";
  }

  async start(): Promise<void> {
    this.#code = await this.#built(this.#files.definition);
    await this.#open();
    for (const [name, code] of this.#code) this.#tellCode(name, code);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#watcher?.close();
    await this.#work;
    await this.#lab?.close();
    await rm(this.#options.addressFile, { force: true });
  }

  async #open(): Promise<void> {
    const { runtimeClient, collectorUrl } = this.#options;
    this.#lab = await startLab(this.#runnable(this.#files.definition, this.#code), {
      port: this.#httpPort,
      runtimeClient,
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl, ...this.#options.environment },
      onLog: (line) => {
        if (!this.#isClosing) this.#screen.log(line);
      },
      onInvocation: (invocation) => void this.#finished(invocation),
      onExecution: (execution) => void this.#executed(execution),
    });
    if (hasRoutes(this.#files.definition)) this.#httpPort = Number(new URL(this.#lab.httpUrl).port);
    await this.#tellStart(this.#lab, false);
  }

  async #tellStart(lab: Lab, isUpdate: boolean): Promise<void> {
    const { definition } = this.#files;
    this.#screen.names([...Object.keys(definition.functions), ...Object.keys(definition.stateMachines ?? {})]);
    await this.#writeAddresses(lab);
    this.#follow();
    this.#options.print(startBlock({ ...this.#options, definition, lab, isUpdate, files: this.#files.paths }));
  }

  async #writeAddresses(lab: Lab): Promise<void> {
    const { addressFile, collectorUrl } = this.#options;
    const { functions, queues = {} } = this.#files.definition;
    const addresses: DevAddresses = {
      pid: process.pid,
      collectorUrl,
      lambdaUrl: lab.environment["AWS_ENDPOINT_URL_LAMBDA"] ?? "",
      sqsUrl: lab.environment["AWS_ENDPOINT_URL_SQS"] ?? "",
      region: lab.environment["AWS_REGION"] ?? "",
      functions: Object.keys(functions),
      queues: Object.fromEntries(Object.keys(queues).map((name) => [name, lab.queueUrl(name)])),
    };
    await mkdir(dirname(addressFile), { recursive: true });
    await writeFile(addressFile, `${JSON.stringify(addresses, undefined, 2)}\n`);
  }

  /** What is built already stays as it is: a change of its source is taken up by itself. */
  async #built({ functions }: LabDefinition): Promise<Map<string, Code>> {
    const built = await Promise.all(
      Object.entries(functions).map(async ([name, { file }]) => {
        const before = this.#files.definition.functions[name]?.file === file ? this.#code.get(name) : undefined;
        return [name, before ?? (await codeOf(name, file))] as const;
      }),
    );
    return new Map(built);
  }

  /** The definition with what is built in place of the sources. */
  #runnable(definition: LabDefinition, built: ReadonlyMap<string, Code>): LabDefinition {
    const functions = Object.entries(definition.functions).map(([name, one]): [string, FunctionDefinition] => {
      const code = built.get(name);
      return [name, code?.isBundled ? { ...one, file: code.file, environment: withSourceMaps(one.environment) } : one];
    });
    return { ...definition, functions: Object.fromEntries(functions) };
  }

  #follow(): void {
    const sources = sourcesIn(this.#files.definition);
    const inputs = [...this.#code.values()].flatMap((code) => [...code.inputs]);
    this.#watcher?.follow({
      deep: sources.map((file) => dirname(file)),
      shallow: [...inputs, ...this.#files.devFiles].map((file) => dirname(file)),
    });
  }

  async #changed(paths: ReadonlySet<string>): Promise<void> {
    if (this.#isClosing) return;
    try {
      if (this.#files.devFiles.some((file) => paths.has(file))) await this.#readAgain();
      for (const name of Object.keys(this.#files.definition.functions)) await this.#rebuild(name, paths);
      this.#follow();
    } catch (error) {
      this.#options.print(`mayfly dev: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
  }

  async #rebuild(name: string, paths: ReadonlySet<string>): Promise<void> {
    const source = this.#files.definition.functions[name]?.file ?? "";
    const before = this.#code.get(name);
    const { devFiles } = this.#files;
    const causes = [...paths].filter((path) => !devFiles.includes(path) && (!before || concerns(path, source, before)));
    if (causes.length === 0) return;
    const code = await codeOf(name, source, before, causes);
    this.#code.set(name, code);
    if (code.isNew) this.#lab?.reload(name);
    if (code.problem !== undefined) this.#tellCode(name, code);
    else if (code.isNew) this.#screen.note(name, `reloaded: ${this.#shown(causes)}`);
  }

  async #readAgain(): Promise<void> {
    const { folder, print, paint } = this.#options;
    const shown = this.#shown(this.#files.devFiles);
    const lab = this.#lab;
    try {
      const next = await readDevFiles(this.#files.paths, folder);
      const before = this.#code;
      const code = await this.#built(next.definition);
      const isChanged = (await lab?.update(this.#runnable(next.definition, code))) ?? false;
      this.#files = next;
      this.#code = code;
      if (lab !== undefined && isChanged) await this.#tellStart(lab, true);
      else {
        print(
          paint(
            "yellow",
            `${shown}: a queue, topic, bus or state machine that was there changed: the lab starts again, its queues are empty`,
          ),
        );
        this.#lab = undefined;
        await lab?.close();
        await this.#open();
      }
      for (const [name, one] of code) if (one !== before.get(name)) this.#tellCode(name, one);
    } catch (error) {
      if (!(error instanceof DevFileError || error instanceof DefinitionError)) throw error;
      print(paint("red", `${shown} has mistakes; what runs goes on:\n  ${error.message.replaceAll("\n", "\n  ")}`));
    }
  }

  async #finished(invocation: FinishedInvocation): Promise<void> {
    const link = await this.#traceLink(invocation.requestId);
    if (!this.#isClosing) this.#screen.finished(invocation, link);
  }

  /** Items of a distributed Map are as many as they are: only those that failed are told. */
  async #executed(execution: FinishedExecution): Promise<void> {
    if (execution.mapRunArn !== undefined && execution.status === "SUCCEEDED") return;
    const link = await this.#traceLink(execution.executionArn);
    if (!this.#isClosing) this.#screen.executed(execution, link);
  }

  /** Only where the collector has something to show: not every function has to be observed. */
  async #traceLink(id: string): Promise<string | undefined> {
    const { collectorUrl } = this.#options;
    try {
      const name = encodeURIComponent(id);
      const answer = await fetch(`${collectorUrl}/api/traces/${name}?stitch=false`);
      await answer.body?.cancel();
      return answer.ok ? `${collectorUrl}/traces/${name}` : undefined;
    } catch {
      return undefined; // it ends
    }
  }

  #tellCode(name: string, { problem, advice }: Code): void {
    if (problem !== undefined) this.#screen.note(name, problem, "red");
    if (advice !== undefined) this.#screen.note(name, advice, "yellow");
  }

  #shown(paths: readonly string[]): string {
    const more = paths.length > MAX_SHOWN ? ` and ${paths.length - MAX_SHOWN} more` : "";
    return (
      paths
        .slice(0, MAX_SHOWN)
        .map((path) => relative(this.#options.folder, path))
        .join(", ") + more
    );
  }
}

const hasRoutes = ({ routes = {} }: LabDefinition): boolean => Object.keys(routes).length > 0;

const sourcesIn = ({ functions }: LabDefinition): readonly string[] => Object.values(functions).map(({ file }) => file);

/** What imports what is known of a bundle alone; a bundle that failed may be mended by any file. */
const concerns = (path: string, source: string, { inputs, isBundled, problem }: Code): boolean => {
  const isBeside = path.startsWith(join(dirname(source), "/"));
  if (isBundled && problem === undefined) return inputs.has(path);
  return isBeside || inputs.has(path);
};

type Environment = NonNullable<FunctionDefinition["environment"]>;

/** So that a stack names the source's lines. */
const withSourceMaps = (environment: Environment = {}): Environment => {
  const { NODE_OPTIONS } = environment;
  const own = typeof NODE_OPTIONS === "string" ? [NODE_OPTIONS] : [];
  return { ...environment, NODE_OPTIONS: [...own, "--enable-source-maps"].join(" ") };
};
