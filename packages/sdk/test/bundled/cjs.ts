/** The entry where modules may not await. */
import { createHandler } from "./orders.ts";

export const handler = createHandler({ currency: "EUR" });
