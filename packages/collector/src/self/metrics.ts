/** The collector's own metrics: the table that `GET /metrics` and docs/reference/metrics.md follow. */
import type { Metric } from "./exposition.ts";

const metric =
  (type: Metric["type"]) =>
  (name: string, help: string, ...labels: readonly string[]): Metric => ({ name, type, help, labels });
const counter = metric("counter");
const gauge = metric("gauge");
const histogram = metric("histogram");

export const METRICS = {
  info: gauge("mayfly_info", "Always 1; the version that runs.", "version"),
  receivedSpans: counter(
    "mayfly_received_spans_total",
    "Spans in all requests that could be decoded. Like all of the ledger it outlives a restart.",
  ),
  duplicateSpans: counter("mayfly_duplicate_spans_total", "Spans that were not stored again."),
  rejectedSpans: counter("mayfly_rejected_spans_total", "Spans that could not be taken.", "reason"),
  droppedSpans: counter("mayfly_dropped_spans_total", "Spans that were taken and given up later.", "reason"),
  receivedLogs: counter("mayfly_received_logs_total", "Log records in all requests that could be decoded."),
  duplicateLogs: counter("mayfly_duplicate_logs_total", "Log records that were not stored again."),
  rejectedLogs: counter("mayfly_rejected_logs_total", "Log records that could not be taken.", "reason"),
  droppedLogs: counter("mayfly_dropped_logs_total", "Log records that were taken and given up later.", "reason"),
  receivedMetricPoints: counter(
    "mayfly_received_metric_points_total",
    "Data points in all requests that could be decoded.",
  ),
  duplicateMetricPoints: counter("mayfly_duplicate_metric_points_total", "Data points that were not stored again."),
  rejectedMetricPoints: counter(
    "mayfly_rejected_metric_points_total",
    "Data points that could not be taken.",
    "reason",
  ),
  droppedMetricPoints: counter(
    "mayfly_dropped_metric_points_total",
    "Data points that were taken and given up later.",
    "reason",
  ),
  storedSpans: gauge("mayfly_stored_spans", "Spans in the store."),
  storedTraces: gauge("mayfly_stored_traces", "Trace ids in the store."),
  storedLogs: gauge("mayfly_stored_logs", "Log records in the store."),
  storedMetricPoints: gauge("mayfly_stored_metric_points", "Data points in the store."),
  storedInvocations: gauge("mayfly_stored_invocations", "Invocations in the store."),
  storeBytes: gauge("mayfly_store_bytes", "Bytes on disk of the store."),
  partitions: gauge(
    "mayfly_partitions",
    "Partitions by state: active takes what arrives, full waits to be sealed, sealed is final, of keys-only the stitch keys are left, set-aside is damaged.",
    "state",
  ),
  damagedPartitions: gauge(
    "mayfly_damaged_partitions",
    "Partitions that were found to be damaged since the start and are missing from every answer.",
  ),
  spansBehind: gauge(
    "mayfly_spans_behind",
    "Stored spans that the list of traces does not show yet: its rows are worked out beside what arrives.",
  ),
  storeUp: gauge("mayfly_store_up", "1 when the store told its numbers for this answer, 0 when it could not."),
  refusedRequests: counter(
    "mayfly_refused_requests_total",
    "Requests with telemetry that were refused whole, since the start.",
    "code",
  ),
  refusedApiRequests: counter(
    "mayfly_refused_api_requests_total",
    "Requests to the API, the UI and /metrics that were refused, since the start.",
    "code",
  ),
  inflightBytes: gauge("mayfly_inflight_bytes", "Bytes of request bodies in memory that are not yet on disk."),
  inflightBytesHighest: gauge(
    "mayfly_inflight_bytes_highest",
    "The most that mayfly_inflight_bytes was since the start.",
  ),
  appendQueue: gauge("mayfly_append_queue_depth", "Batches handed to the store that are not yet on disk."),
  questionsWaiting: gauge(
    "mayfly_questions_waiting",
    "Questions to the API that the thread which reads has not answered yet.",
  ),
  refusedQuestions: counter(
    "mayfly_refused_questions_total",
    "Questions to the API that were refused because too many waited, since the start.",
  ),
  appendSeconds: histogram(
    "mayfly_append_duration_seconds",
    "From handing a batch to the store until it is on disk: waiting, writing and syncing.",
  ),
  httpRequests: counter("mayfly_http_requests_total", "Answered requests.", "method", "route", "status"),
  httpSeconds: histogram(
    "mayfly_http_request_duration_seconds",
    "From the head of a request to the end of its answer.",
    "route",
  ),
  liveStreams: gauge("mayfly_live_streams", "Readers of GET /api/live."),
  liveRefused: counter("mayfly_live_refused_total", "Readers of GET /api/live that were refused, as too many."),
  liveDropped: counter("mayfly_live_dropped_rows_total", "Rows that a reader of GET /api/live was too slow for."),
  cpuSeconds: counter("process_cpu_seconds_total", "Processor time of the process, user and system."),
  residentBytes: gauge("process_resident_memory_bytes", "Resident memory of the process."),
  startTime: gauge("process_start_time_seconds", "When the process started, in Unix seconds."),
  openFds: gauge("process_open_fds", "Open file descriptors; 0 where the system does not tell."),
  heapUsed: gauge("nodejs_heap_size_used_bytes", "Bytes of the JavaScript heap in use."),
  externalMemory: gauge("nodejs_external_memory_bytes", "Bytes outside the JavaScript heap, buffers among them."),
  lagP50: gauge("nodejs_eventloop_lag_p50_seconds", "Median delay of the event loop since the last scrape."),
  lagP99: gauge(
    "nodejs_eventloop_lag_p99_seconds",
    "99th percentile of the delay of the event loop since the last scrape.",
  ),
  lagMax: gauge("nodejs_eventloop_lag_max_seconds", "Largest delay of the event loop since the last scrape."),
} as const satisfies Readonly<Record<string, Metric>>;
