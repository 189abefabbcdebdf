/** Goes on working for a second after each response, which the caller must not feel and the bill must. */
import { register } from "./extension.mjs";

export const WORK_MS = 1_000;

await register("aws-check-after", () => new Promise((resolve) => setTimeout(resolve, WORK_MS)));

export const handler = async (_event, { awsRequestId }) => ({ requestId: awsRequestId });
