/** On order.paid: starts the fulfilment of the order, once, however often that is said. */
import { ExecutionAlreadyExists, SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { annotate, logger, observe } from "@mayfly/sdk";
import type { EventBridgeEvent } from "aws-lambda";
import type { Order } from "../order.ts";

const stepFunctions = new SFNClient({});

export const handler = observe(async (event: EventBridgeEvent<"order.paid", Order>): Promise<void> => {
  const order = event.detail;
  annotate({ orderId: order.orderId });
  try {
    const executionArn = await start(order);
    logger.info({ executionArn }, "fulfilment started");
  } catch (error) {
    if (!(error instanceof ExecutionAlreadyExists)) throw error;
    logger.info("fulfilment was started before");
  }
});

const start = async (order: Order): Promise<string | undefined> => {
  const { executionArn } = await stepFunctions.send(
    new StartExecutionCommand({
      stateMachineArn: process.env["FULFILMENT_ARN"],
      // Not the event's id: a message that SQS delivers twice makes two events of one order.
      name: order.orderId,
      input: JSON.stringify(order),
    }),
  );
  return executionArn;
};
