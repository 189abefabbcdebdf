/**
 * Metrics → Prometheus text.
 *
 * Our own, not prom-client: what we need of it are counters, gauges and one kind of histogram, most of them read from
 * elsewhere at the moment of the scrape, which is these few lines; it would bring a registry beside the table that
 * docs/reference/metrics.md is made from, and two packages more.
 *
 * Source  Prometheus "Exposition formats", text format 0.0.4.
 */

export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
}

export interface Sample {
  /** In the order of the metric's labels. */
  readonly labels: readonly string[];
  readonly value: number;
}

export const exposition = (metric: Metric, samples: readonly Sample[]): string =>
  [...head(metric), ...samples.map(({ labels, value }) => line(metric.name, pairs(metric.labels, labels), value))].join(
    "",
  );

export interface Buckets {
  /** Upper bounds, ascending; +Inf is implied. */
  readonly bounds: readonly number[];
  /** One more than bounds; not cumulative. */
  readonly counts: readonly number[];
  readonly sum: number;
}

export const histogramExposition = (
  metric: Metric,
  series: readonly { readonly labels: readonly string[]; readonly buckets: Buckets }[],
): string =>
  [...head(metric), ...series.map(({ labels, buckets }) => histogramLines(metric, labels, buckets))].join("");

const histogramLines = (metric: Metric, labels: readonly string[], { bounds, counts, sum }: Buckets): string => {
  const own = pairs(metric.labels, labels);
  let total = 0;
  const lines = counts.map((count, index) => {
    total += count;
    return line(`${metric.name}_bucket`, [...own, `le="${bounds[index] ?? "+Inf"}"`], total);
  });
  return [...lines, line(`${metric.name}_sum`, own, sum), line(`${metric.name}_count`, own, total)].join("");
};

const head = ({ name, type, help }: Metric): readonly string[] => [
  `# HELP ${name} ${help.replaceAll("\\", String.raw`\\`).replaceAll("\n", String.raw`\n`)}\n`,
  `# TYPE ${name} ${type}\n`,
];

const line = (name: string, labels: readonly string[], value: number): string =>
  `${name}${labels.length === 0 ? "" : `{${labels.join(",")}}`} ${value}\n`;

const pairs = (names: readonly string[], values: readonly string[]): readonly string[] =>
  names.map((name, index) => `${name}="${escaped(values[index] ?? "")}"`);

const escaped = (value: string): string =>
  value
    .replaceAll("\\", String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll("\n", String.raw`\n`);
