/** Handlers that print what they got, for `events` of rig.ts, and then do as the event says. */
let invocations = 0;

const record = (value) => process.stdout.write(`recorded ${JSON.stringify(value)}\n`);

export const handler = async (event) => record(event);

export const traced = async (event, context) => record({ event, traceId: context.xRayTraceId });

/** Fails the first `failures` invocations of this environment. */
export const failing = async (event, context) => {
  invocations += 1;
  record({ event, requestId: context.awsRequestId });
  if (invocations <= (event.failures ?? Number.POSITIVE_INFINITY)) throw new Error(`failure ${invocations}`);
  return { invocations };
};

/** SQS with partial batch response: a body `{"failTimes": n}` fails n times. */
export const batch = async ({ Records }) => {
  record({ Records });
  const failed = Records.filter(
    ({ body, attributes }) => Number(attributes.ApproximateReceiveCount) <= (JSON.parse(body).failTimes ?? 0),
  );
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
};

export const stuck = async (event) => {
  record(event);
  await new Promise((resolve) => setTimeout(resolve, 60_000));
};
