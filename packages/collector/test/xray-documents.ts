/**
 * Segment documents as X-Ray gives them: API Gateway calls a Lambda function, which writes to DynamoDB and invokes a second
 * one. Times in X-Ray's own spelling; the function's segment does not tell the request id, Lambda's around it does.
 */

export const GATEWAY_REQUEST = "af73b8ac-0000-4324-9be0-754004906215";
export const POST_REQUEST = "04b18ae7-0000-4c77-9382-60c2532fcdae";
export const NOTIFY_REQUEST = "1a61d1e3-0000-4c2e-9beb-e150bc55ff34";

const arn = (name: string): string => `arn:aws:lambda:eu-west-1:123456789012:function:${name}`;

/** `seconds` since 1970, with its fraction, as X-Ray writes a number. */
export const scientific = (seconds: string): string => {
  const [whole = "", fraction = ""] = seconds.split(".");
  return `${whole[0]}.${whole.slice(1)}${fraction}E${whole.length - 1}`;
};

/** JSON in which `@1.5` stands for a time that many seconds after the beginning. */
const json = (document: object, beginning: number): string =>
  JSON.stringify(document).replace(/"@(\d+)\.?(\d*)"/g, (_, whole: string, fraction: string) =>
    scientific(`${beginning + Number(whole)}.${fraction || "0"}`),
  );

/** `traceId` in X-Ray's spelling. */
export const orderDocuments = (traceId: string): string[] => {
  const beginning = Number.parseInt(traceId.slice(2, 10), 16);
  return [
    {
      id: "65a5f5ef7aa9c3d2",
      name: "orders-api/prod",
      start_time: "@0.19",
      trace_id: traceId,
      end_time: "@0.263",
      http: {
        request: {
          url: "https://abc.execute-api.eu-west-1.amazonaws.com/prod/orders",
          method: "POST",
          user_agent: "curl/8",
          client_ip: "192.0.2.7",
          x_forwarded_for: true,
        },
        response: { status: 201, content_length: 0 },
      },
      aws: {
        api_gateway: { account_id: "123456789012", rest_api_id: "abc", stage: "prod", request_id: GATEWAY_REQUEST },
      },
      annotations: { "aws:api_id": "abc" },
      metadata: { default: { extended_request_id: "DSU5oGx3IAMFhxw=" } },
      origin: "AWS::ApiGateway::Stage",
      resource_arn: "arn:aws:apigateway:eu-west-1::/restapis/abc/stages/prod",
      subsegments: [
        {
          id: "3a9497be6bb6f2a7",
          name: "Lambda",
          start_time: "@0.192",
          end_time: "@0.2619998",
          http: {
            request: { url: "https://lambda.eu-west-1.amazonaws.com/x", method: "POST" },
            response: { status: 201 },
          },
          aws: {
            function_name: "post-order",
            region: "eu-west-1",
            operation: "Invoke",
            resource_names: ["post-order"],
          },
          namespace: "aws",
        },
      ],
    },
    {
      id: "24ddd1434624a637",
      name: "post-order",
      start_time: "@0.203",
      trace_id: traceId,
      end_time: "@0.261",
      parent_id: "3a9497be6bb6f2a7",
      http: { response: { status: 200 } },
      aws: { request_id: POST_REQUEST },
      origin: "AWS::Lambda",
      resource_arn: arn("post-order"),
    },
    {
      id: "18476b3c270cc8d2",
      name: "post-order",
      start_time: "@0.206941",
      trace_id: traceId,
      end_time: "@0.2607291",
      parent_id: "24ddd1434624a637",
      aws: { account_id: "123456789012", function_arn: arn("post-order"), resource_names: ["post-order"] },
      origin: "AWS::Lambda::Function",
      subsegments: [
        {
          id: "e0f27d4a8041db12",
          name: "Invocation",
          start_time: "@0.2070444",
          end_time: "@0.2601037",
          aws: { function_arn: arn("post-order") },
          subsegments: [
            {
              id: "15fea92cde95161f",
              name: "DynamoDB",
              start_time: "@0.21",
              end_time: "@0.22",
              http: { response: { status: 400 } },
              error: true,
              cause: {
                working_directory: "/var/task",
                exceptions: [
                  {
                    id: "00f0e1d2c3b4a596",
                    type: "ConditionalCheckFailedException",
                    message: "The conditional request failed",
                    remote: true,
                    stack: [
                      { path: "/var/task/index.mjs", line: 17, label: "handler" },
                      { path: "node:internal/process/task_queues", line: 95 },
                    ],
                  },
                ],
              },
              aws: {
                retries: 1,
                region: "eu-west-1",
                operation: "PutItem",
                request_id: "MHEA573",
                table_name: "orders",
              },
              namespace: "aws",
            },
          ],
        },
      ],
    },
    {
      // Sent alone: the code's SDK streams it, and Lambda's agent does not put it in its place.
      id: "72196dbd1971fbad",
      name: "Lambda",
      type: "subsegment",
      start_time: "@0.23",
      trace_id: traceId,
      end_time: "@0.24",
      parent_id: "e0f27d4a8041db12",
      http: { response: { status: 202 } },
      aws: {
        retries: 0,
        function_name: "notify",
        region: "eu-west-1",
        operation: "Invoke",
        request_id: NOTIFY_REQUEST,
        status_code: 202,
      },
      namespace: "aws",
    },
    {
      id: "15df351900263050",
      name: "DynamoDB",
      start_time: "@0.21",
      trace_id: traceId,
      end_time: "@0.22",
      parent_id: "15fea92cde95161f",
      inferred: true,
      http: { response: { status: 400 } },
      aws: { retries: 1, region: "eu-west-1", operation: "PutItem", request_id: "MHEA573", table_name: "orders" },
      origin: "AWS::DynamoDB::Table",
    },
    {
      id: "3a049070bf15849c",
      name: "notify",
      start_time: "@0.25",
      trace_id: traceId,
      in_progress: true,
      parent_id: "72196dbd1971fbad",
      aws: { request_id: NOTIFY_REQUEST },
      origin: "AWS::Lambda",
      resource_arn: arn("notify"),
      links: [
        {
          trace_id: "1-6956b300-0123456789abcdef01234567",
          id: "1a2b3c4d5e6f7081",
          attributes: { ReferenceType: "parent" },
        },
      ],
    },
  ].map((document) => json(document, beginning));
};
