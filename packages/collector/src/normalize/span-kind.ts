/** SpanKind of opentelemetry/proto/trace/v1/trace.proto, as far as normalizing tells them apart. */
export const UNSPECIFIED = 0;
export const INTERNAL = 1;
export const SERVER = 2;
export const CLIENT = 3;
export const PRODUCER = 4;
export const CONSUMER = 5;
