/** The collector inside another process: what `mayfly serve` starts, for tests and for programs that bring their own. */
export { type Collector, startCollector } from "./collector.ts";
export type { Config } from "./config.ts";
