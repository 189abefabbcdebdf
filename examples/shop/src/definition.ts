/**
 * The shop's infrastructure, as a template would declare it:
 *
 *   POST /orders ─ api ─▶ SQS orders ─ payment ─▶ EventBridge order.paid ─ fulfil ─▶ Step Functions fulfilment
 *                                                                                     reserve → charge → ship
 *                                              notify ◀─ SNS shipments ◀──────────────────────────────┘
 *                                              audit  ◀─ SQS audit-log ◀─┘
 */
import { join } from "node:path";
import type { FunctionDefinition, LabDefinition } from "@mayfly/lab";

export interface ShopOptions {
  /** Messages per batch on both queues. */
  readonly batchSize: number;
}

/** `handlers` is the folder of the bundled handlers. */
export const shopDefinition = (handlers: string, { batchSize }: ShopOptions): LabDefinition => {
  const fn = (name: string, more: Partial<FunctionDefinition> = {}): FunctionDefinition => ({
    file: join(handlers, `${name}.mjs`),
    memoryMb: 256,
    ...more,
  });
  return {
    functions: {
      api: fn("api", { environment: { ORDERS_QUEUE_URL: { queueUrl: "orders" } } }),
      payment: fn("payment", { timeoutMs: 3_000, reservedConcurrency: 5 }),
      fulfil: fn("fulfil", { environment: { FULFILMENT_ARN: { stateMachineArn: "fulfilment" } } }),
      reserve: fn("reserve"),
      charge: fn("charge"),
      ship: fn("ship", { environment: { SHIPMENTS_TOPIC_ARN: { topicArn: "shipments" } } }),
      notify: fn("notify"),
      audit: fn("audit", { memoryMb: 128 }),
    },
    routes: { "POST /orders": "api" },
    queues: {
      orders: { visibilityTimeoutMs: 5_000, redrivePolicy: { deadLetterQueue: "orders-failed", maxReceiveCount: 3 } },
      "orders-failed": {},
      "audit-log": {},
    },
    eventSourceMappings: [
      {
        queue: "orders",
        function: "payment",
        batchSize,
        maximumBatchingWindowMs: batchSize > 1 ? 400 : 0,
        reportBatchItemFailures: true,
      },
      { queue: "audit-log", function: "audit", batchSize },
    ],
    buses: {
      default: {
        rules: {
          paid: {
            pattern: { source: ["shop.payment"], "detail-type": ["order.paid"] },
            targets: [{ function: "fulfil" }],
          },
        },
      },
    },
    stateMachines: { fulfilment: { definition: fulfilment() } },
    topics: { shipments: { subscriptions: [{ function: "notify" }, { queue: "audit-log" }] } },
  };
};

const fulfilment = (): Record<string, unknown> => ({
  StartAt: "Reserve stock",
  States: {
    "Reserve stock": { ...task("reserve", "$"), Next: "Charge" },
    Charge: {
      ...task("charge", "$"),
      Retry: [{ ErrorEquals: ["CardDeclined"], MaxAttempts: 1, IntervalSeconds: 1 }],
      Next: "Ship",
    },
    Ship: { ...task("ship", "$"), End: true },
  },
});

/** Which execution and state a task works for is in its input only because it is mapped here. */
const task = (name: string, order: string): Record<string, unknown> => ({
  Type: "Task",
  Resource: "arn:aws:states:::lambda:invoke",
  Parameters: {
    FunctionName: name,
    Payload: {
      "order.$": order,
      "Execution.$": "$$.Execution",
      "State.$": "$$.State",
      "StateMachine.$": "$$.StateMachine",
    },
  },
  OutputPath: "$.Payload",
});
