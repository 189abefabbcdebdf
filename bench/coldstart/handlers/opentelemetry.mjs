/** The NodeSDK with one span per invocation, sent as OTLP/JSON before the answer, as a function without an extension must. */
import { work } from "#work";
import { SpanKind, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { BatchSpanProcessor } from "@opentelemetry/sdk-trace";

const processor = new BatchSpanProcessor({ exporter: new OTLPTraceExporter() });
const sdk = new NodeSDK({ serviceName: "bench", spanProcessors: [processor] });
sdk.start();
const tracer = trace.getTracer("bench");

export const handler = async (event, context) => {
  const answer = await tracer.startActiveSpan(context.functionName, { kind: SpanKind.SERVER }, async (span) => {
    try {
      console.log("handled");
      await work();
      return { statusCode: 200, body: String(event.n) };
    } finally {
      span.setAttribute("faas.invocation_id", context.awsRequestId);
      span.end();
    }
  });
  await processor.forceFlush();
  return answer;
};
