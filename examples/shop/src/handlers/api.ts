/** POST /orders: takes an order and queues it for payment. */
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { annotate, logger, observe } from "@mayfly/sdk";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { randomUUID } from "node:crypto";
import { type Item, type Order, totalCents } from "../order.ts";

const sqs = new SQSClient({});

export const handler = observe(async (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> => {
  const request = JSON.parse(event.body ?? "{}") as Partial<Order>;
  const problem = problemOf(request);
  if (problem !== undefined) {
    logger.warn({ problem }, "order refused");
    return json(400, { error: problem });
  }
  const order = placed(request as Order);
  annotate({ orderId: order.orderId, customerTier: order.customer.tier, amountCents: order.amountCents });
  logger.info({ items: order.items.length }, "order placed");
  await sqs.send(
    new SendMessageCommand({ QueueUrl: process.env["ORDERS_QUEUE_URL"], MessageBody: JSON.stringify(order) }),
  );
  return json(202, { orderId: order.orderId });
});

const placed = (request: Order): Order => ({
  ...request,
  orderId: `o-${randomUUID().slice(0, 8)}`,
  amountCents: totalCents(request.items),
});

const problemOf = ({ customer, items, card }: Partial<Order>): string | undefined => {
  if (!customer?.id) return "customer is missing";
  if (!card) return "card is missing";
  if (!Array.isArray(items) || items.length === 0) return "an order needs at least one item";
  const bad = items.find((item: Item) => !(item.quantity > 0));
  return bad && `quantity of ${bad.sku} is ${bad.quantity}, expected at least 1`;
};

const json = (statusCode: number, body: object): APIGatewayProxyStructuredResultV2 => ({
  statusCode,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});
