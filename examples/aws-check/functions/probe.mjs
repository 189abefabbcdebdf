/** Logs whatever it is given, as one line that ../observations.ts reads. HOP says by which way; FAILS, that it throws. */
export const handler = async (event, context) => {
  const seen = {
    awsCheck: "received",
    hop: process.env.HOP,
    requestId: context.awsRequestId,
    event,
    clientContext: context.clientContext ?? null,
    xRayTraceId: context.xRayTraceId ?? null,
    traceHeader: process.env["_X_AMZN_TRACE_ID"] ?? null,
    initializationType: process.env.AWS_LAMBDA_INITIALIZATION_TYPE ?? null,
  };
  // Not console.log, which puts a time and a level before it.
  process.stdout.write(`${JSON.stringify(seen)}\n`);
  if (process.env.FAILS) throw new Error("on purpose");
  return { statusCode: 200, headers: { "content-type": "text/plain" }, body: context.awsRequestId };
};
