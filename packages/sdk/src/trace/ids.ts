/**
 * Trace and span ids. Math.random makes them, a pool of random numbers that costs next to nothing, except under SnapStart: there every
 * environment is the copy of one, pool included, and all would make the same ids. The kernel is told when it is restored.
 */
import { type IdGenerator, RandomIdGenerator } from "@opentelemetry/sdk-trace";
import { harmless } from "../diag.ts";

export const createIds = (isSnapStart: boolean): IdGenerator => {
  const random = new RandomIdGenerator();
  if (!isSnapStart) return random;
  return {
    generateTraceId: () => fromKernel(16) ?? random.generateTraceId(),
    generateSpanId: () => fromKernel(8) ?? random.generateSpanId(),
  };
};

/** Each time anew: what is read ahead would be copied, too. */
const fromKernel = (length: number): string | undefined =>
  harmless("making a random id", () => {
    const { closeSync, openSync, readSync } = process.getBuiltinModule("node:fs");
    const file = openSync("/dev/urandom", "r");
    const bytes = Buffer.alloc(length);
    readSync(file, bytes);
    closeSync(file);
    return bytes.toString("hex");
  });
