/** An ES module's handler that waits for the registration while it loads. */
import { register } from "./extension.mjs";

const registered = await register("aws-check-await");

export const handler = async () => registered;
