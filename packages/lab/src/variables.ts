/** The variables of a function's process: what Lambda sets, what was asked for, and nothing of ours: it does not see the machine it runs on. */
import { dirname } from "node:path";
import type { FunctionDefinition } from "./definition.ts";
import { handlerName } from "./runtime.ts";

export const DEFAULT_NODE = "nodejs24.x";
export const DEFAULT_MEMORY_MB = 128;

export interface VariableSources {
  readonly name: string;
  readonly definition: FunctionDefinition;
  /** Those of the lab and of the function; Lambda's own win. */
  readonly variables: Readonly<Record<string, string>>;
  readonly accessKeyId: string;
  readonly logStreamName: string;
  readonly runtimeApi: string;
  readonly runtimeFolder: string;
}

export const variablesOf = (sources: VariableSources): Record<string, string> => {
  const { name, definition, variables } = sources;
  return {
    PATH: process.env["PATH"] ?? "",
    TZ: ":UTC",
    LANG: "en_US.UTF-8",
    ...variables,
    AWS_LAMBDA_RUNTIME_API: sources.runtimeApi,
    AWS_EXECUTION_ENV: `AWS_Lambda_${definition.runtime ?? DEFAULT_NODE}`,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.memoryMb ?? DEFAULT_MEMORY_MB),
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: sources.logStreamName,
    LAMBDA_TASK_ROOT: dirname(definition.file),
    LAMBDA_RUNTIME_DIR: sources.runtimeFolder,
    _HANDLER: handlerName(definition),
    MAYFLY_LAB_HANDLER_FILE: definition.file,
    AWS_ACCESS_KEY_ID: sources.accessKeyId,
    AWS_SECRET_ACCESS_KEY: "lab",
    AWS_SESSION_TOKEN: "lab",
  };
};
