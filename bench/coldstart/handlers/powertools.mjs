/** Logger, tracer and metrics as their documentation sets them up without a middleware. */
import { work } from "#work";
import { Logger } from "@aws-lambda-powertools/logger";
import { MetricUnit, Metrics } from "@aws-lambda-powertools/metrics";
import { Tracer } from "@aws-lambda-powertools/tracer";

const logger = new Logger({ serviceName: "bench" });
const tracer = new Tracer({ serviceName: "bench" });
const metrics = new Metrics({ namespace: "bench", serviceName: "bench" });

export const handler = async (event, context) => {
  const segment = tracer.getSegment();
  const subsegment = segment?.addNewSubsegment("## handler");
  if (subsegment) tracer.setSegment(subsegment);
  tracer.annotateColdStart();
  tracer.addServiceNameAnnotation();
  logger.addContext(context);
  metrics.captureColdStartMetric();
  try {
    logger.info("handled");
    await work();
    metrics.addMetric("handled", MetricUnit.Count, 1);
    return { statusCode: 200, body: String(event.n) };
  } finally {
    subsegment?.close();
    if (segment) tracer.setSegment(segment);
    metrics.publishStoredMetrics();
  }
};
