/** Keeps a record of each shipment. A function as it was before Mayfly: nothing wraps it, so only the platform saw it. */
import type { SQSEvent } from "aws-lambda";

export const handler = async (event: SQSEvent): Promise<void> => {
  for (const record of event.Records) console.log("audit", record.messageId, record.body.length);
};
