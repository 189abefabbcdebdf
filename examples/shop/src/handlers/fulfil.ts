/** On order.paid: starts the fulfilment of the order. */
import { SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { annotate, logger, observe } from "@mayfly/sdk";
import type { EventBridgeEvent } from "aws-lambda";
import type { Order } from "../order.ts";

const stepFunctions = new SFNClient({});

export const handler = observe(async (event: EventBridgeEvent<"order.paid", Order>): Promise<void> => {
  const order = event.detail;
  annotate({ orderId: order.orderId });
  const { executionArn } = await stepFunctions.send(
    new StartExecutionCommand({
      stateMachineArn: process.env["FULFILMENT_ARN"],
      // The event id: the same event delivered twice starts no second fulfilment.
      name: event.id,
      input: JSON.stringify(order),
    }),
  );
  logger.info({ executionArn }, "fulfilment started");
});
