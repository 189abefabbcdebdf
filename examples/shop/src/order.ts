/** An order on its way through the shop, as its functions hand it on. */

export interface Order {
  readonly orderId: string;
  readonly customer: { readonly id: string; readonly tier: "standard" | "gold" };
  readonly items: readonly Item[];
  readonly amountCents: number;
  /** Says how the world behaves towards this order; set by the traffic, read where the world is asked. */
  readonly card: string;
}

export interface Item {
  readonly sku: string;
  readonly quantity: number;
  readonly priceCents: number;
}

export const totalCents = (items: readonly Item[]): number =>
  items.reduce((sum, item) => sum + item.quantity * item.priceCents, 0);
