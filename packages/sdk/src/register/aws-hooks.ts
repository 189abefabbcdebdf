/** The spans of OpenTelemetry's instrumentation of the AWS SDK, with the keys and failures that ours have. */
import type { Span } from "@opentelemetry/api";
import { harmless } from "../diag.ts";
import { describeAnswer, operationOf } from "../instrument/aws-sdk/middleware.ts";
import type { Operation } from "../instrument/aws-sdk/operation.ts";
import { type JsonObject, isObject } from "../trigger/trigger.ts";

interface AwsRequest {
  readonly serviceName: string;
  readonly commandName: string;
  readonly commandInput: JsonObject;
}

const operation = ({ serviceName, commandName, commandInput }: AwsRequest): Operation =>
  operationOf(serviceName, commandName.replace(/Command$/, ""), commandInput);

export const AWS_HOOKS = {
  // The HTTP request beneath says nothing more, and carries a signature that no header may be added to.
  suppressInternalInstrumentation: true,
  preRequestHook: (span: Span, { request }: { readonly request: AwsRequest }): void =>
    void harmless("describing an AWS call", () => span.setAttributes(operation(request).attributes)),
  responseHook: (span: Span, { response }: { readonly response: { data: unknown; request: AwsRequest } }): void =>
    harmless("reading an AWS answer", () =>
      describeAnswer(span, operation(response.request), isObject(response.data) ? response.data : undefined),
    ),
};
