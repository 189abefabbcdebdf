/**
 * How the process of an environment is started: the runtime's command, behind the wrapper script that the function may name, with the
 * variables that Lambda sets, those that were asked for, and none of this machine.
 *
 *   AWS_LAMBDA_EXEC_WRAPPER=/opt/wrapper   →   <layer>/wrapper <node> <flags> <runtime>     which does `exec "$@"`
 */
import { delimiter, dirname, join } from "node:path";
import type { FunctionDefinition } from "./definition.ts";
import { modulePaths, withLayerFiles } from "./layers.ts";
import { DEFAULT_NODE, type Runtime, handlerName, runtimeCommand, taskRootOf } from "./runtime.ts";

export interface LaunchSources {
  readonly name: string;
  readonly definition: FunctionDefinition;
  readonly runtime: Runtime;
  /** Those of the lab and of the function; Lambda's own win. */
  readonly variables: Readonly<Record<string, string>>;
  readonly accessKeyId: string;
  readonly logStreamName: string;
  readonly runtimeApi: string;
}

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export const DEFAULT_MEMORY_MB = 128;

export const launchOf = (sources: LaunchSources): Launch => {
  const { definition, runtime, variables } = sources;
  const layers = definition.layers ?? [];
  const wrapper = variables["AWS_LAMBDA_EXEC_WRAPPER"];
  const runtimeStart = runtimeCommand(runtime, definition.runtime ?? DEFAULT_NODE);
  const [command = "", ...args] =
    wrapper === undefined ? runtimeStart : [withLayerFiles(wrapper, layers), ...runtimeStart];
  return { command, args, cwd: taskRootOf(definition), env: variablesOf(sources, dirname(runtimeStart.at(-1) ?? "")) };
};

const variablesOf = (sources: LaunchSources, runtimeFolder: string): Record<string, string> => {
  const { name, definition, variables } = sources;
  const { layers = [], runtime: node = DEFAULT_NODE, file } = definition;
  const taskRoot = taskRootOf(definition);
  const options = variables["NODE_OPTIONS"];
  return {
    PATH: [process.env["PATH"] ?? "", ...layers.map((layer) => join(layer, "bin"))].join(delimiter),
    TZ: ":UTC",
    LANG: "en_US.UTF-8",
    NODE_PATH: [...modulePaths(layers, node), taskRoot].join(delimiter),
    ...variables,
    ...(options !== undefined && { NODE_OPTIONS: withLayerFiles(options, layers) }),
    AWS_LAMBDA_RUNTIME_API: sources.runtimeApi,
    AWS_EXECUTION_ENV: `AWS_Lambda_${node}`,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.memoryMb ?? DEFAULT_MEMORY_MB),
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: sources.logStreamName,
    LAMBDA_TASK_ROOT: taskRoot,
    LAMBDA_RUNTIME_DIR: runtimeFolder,
    _HANDLER: handlerName(definition),
    MAYFLY_LAB_HANDLER_FILE: file,
    AWS_ACCESS_KEY_ID: sources.accessKeyId,
    AWS_SECRET_ACCESS_KEY: "lab",
    AWS_SESSION_TOKEN: "lab",
  };
};
