/** Which function, and which execution environment of it, lines come from; what nobody said is absent. */
export interface FunctionIdentity {
  readonly functionName?: string;
  readonly functionVersion?: string;
  readonly functionArn?: string;
  readonly accountId?: string;
  readonly region?: string;
  readonly logGroup?: string;
  readonly logStream?: string;
  readonly instanceId?: string;
}

/** `arn:aws:lambda:eu-west-1:123456789012:function:orders[:7]`; undefined where it is no function's. */
export const identityOfArn = (arn: string): FunctionIdentity | undefined => {
  const [prefix, , service, region, accountId, kind, functionName, qualifier] = arn.split(":");
  if (prefix !== "arn" || service !== "lambda" || kind !== "function" || !functionName) return undefined;
  const isVersion = qualifier === "$LATEST" || /^\d+$/.test(qualifier ?? "");
  return {
    functionName,
    functionArn: arn,
    ...(region && { region }),
    ...(accountId && { accountId }),
    ...(isVersion && { functionVersion: qualifier }),
  };
};

const DEFAULT_GROUP = "/aws/lambda/";
/** `2026/01/01/[7]0123…`, in a group of one's own `2026/01/01/orders[7]0123…`. */
const STREAM = /^\d{4}\/\d{2}\/\d{2}\/([^[\]]*)\[([^\]]+)\]/;

/** Of a log group and stream as Lambda names them. */
export const identityOfLog = (logGroup: string, logStream: string): FunctionIdentity => {
  const [, named, version] = STREAM.exec(logStream) ?? [];
  const functionName = logGroup.startsWith(DEFAULT_GROUP) ? logGroup.slice(DEFAULT_GROUP.length) : named;
  return {
    ...(logGroup && { logGroup }),
    ...(logStream && { logStream }),
    ...(functionName && { functionName }),
    ...(version && { functionVersion: version }),
  };
};
