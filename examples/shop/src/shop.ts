/** The shop, running in a lab and sending to a collector. */
import { fileURLToPath } from "node:url";
import { type Lab, type LabOptions, startLab } from "@mayfly/lab";
import { shopDefinition } from "./definition.ts";
import { randomFrom } from "./traffic.ts";

export interface ShopConfig {
  /** Where spans and logs go. */
  readonly collectorUrl: string;
  /** Messages per batch; 1 keeps each order alone. Default 5. */
  readonly batchSize?: number;
  readonly seed?: number;
  /** Share of batches that SQS delivers twice. Default 0. */
  readonly duplicateDeliveries?: number;
  /** More variables for all functions. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly onLog?: NonNullable<LabOptions["onLog"]>;
}

/** Where build.mjs puts the bundled handlers. */
const HANDLERS = fileURLToPath(new URL("../dist/functions", import.meta.url));

export const startShop = (config: ShopConfig): Promise<Lab> => {
  const definition = shopDefinition(HANDLERS, { batchSize: config.batchSize ?? 5 });
  return startLab(definition, {
    random: randomFrom(config.seed ?? 1),
    duplicateDeliveries: config.duplicateDeliveries ?? 0,
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: config.collectorUrl, ...config.environment },
    ...(config.onLog && { onLog: config.onLog }),
  });
};
