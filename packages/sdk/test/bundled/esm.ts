/** The entry where modules may await. */
import { createHandler } from "./orders.ts";

const settings = await Promise.resolve({ currency: "EUR" });

export const handler = createHandler(settings);
