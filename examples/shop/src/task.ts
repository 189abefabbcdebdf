/** What the fulfilment machine hands to each of its tasks: the order, and from `$$` which execution and state this is. */
import type { Order } from "./order.ts";

export interface Task {
  readonly order: Order;
  readonly Execution: { readonly Id: string; readonly Name: string };
  readonly State: { readonly Name: string; readonly EnteredTime: string; readonly RetryCount: number };
  readonly StateMachine: { readonly Id: string; readonly Name: string };
}
