/** The form of today: the handler's value or promise is the answer, and Lambda awaits it. */
import type { Running } from "./running.ts";

export const runPromise = async (running: Running, handler: () => unknown): Promise<unknown> => {
  try {
    const result = await running.inside(handler);
    running.succeeded(result);
    return result;
  } catch (error) {
    running.failed(error);
    throw error;
  } finally {
    await running.sent();
  }
};
