/**
 * Attribute keys that normalizing reads: OpenTelemetry semantic conventions 1.44, older spellings that official
 * instrumentations still send, and Mayfly's own.
 */
export const SERVICE_NAME = "service.name";
export const SERVICE_VERSION = "service.version";

export const CLOUD_AVAILABILITY_ZONE = "cloud.availability_zone";
export const HOST_ID = "host.id";
export const HOST_TYPE = "host.type";
export const HOST_IMAGE_ID = "host.image.id";
export const CONTAINER_ID = "container.id";
export const CONTAINER_NAME = "container.name";
export const K8S_POD_NAME = "k8s.pod.name";
export const K8S_CLUSTER_NAME = "k8s.cluster.name";
export const AWS_ECS_CONTAINER_ARN = "aws.ecs.container.arn";
export const AWS_ECS_TASK_ARN = "aws.ecs.task.arn";
export const AWS_ECS_TASK_FAMILY = "aws.ecs.task.family";
export const AWS_ECS_CLUSTER_ARN = "aws.ecs.cluster.arn";
export const AWS_ECS_LAUNCH_TYPE = "aws.ecs.launchtype";
export const DEPLOYMENT_ENVIRONMENT_NAME = "deployment.environment.name";

export const FAAS_NAME = "faas.name";
export const FAAS_VERSION = "faas.version";
export const FAAS_MAX_MEMORY = "faas.max_memory";
export const FAAS_TRIGGER = "faas.trigger";
export const FAAS_TRIGGER_HTTP = "http";
export const FAAS_COLDSTART = "faas.coldstart";
export const FAAS_INVOKED_NAME = "faas.invoked_name";
export const FAAS_INVOKED_PROVIDER = "faas.invoked_provider";
export const FAAS_INVOKED_REGION = "faas.invoked_region";
/** The request id; `faas.execution` was its name before semantic conventions 1.19. */
export const FAAS_INVOCATION_ID = ["faas.invocation_id", "faas.execution"] as const;

/** The second is what the JavaScript instrumentation says. */
export const AWS_REQUEST_ID = ["aws.request_id", "aws.request.id"] as const;

export const RPC_SYSTEM = "rpc.system";
export const RPC_SYSTEM_AWS = "aws-api";
export const RPC_SERVICE = "rpc.service";
export const RPC_METHOD = "rpc.method";
/** Calls of AWS whose answers name what was sent. */
export const RPC_SENDING_METHODS: ReadonlySet<string> = new Set([
  "SendMessage",
  "SendMessageBatch",
  "Publish",
  "PublishBatch",
  "PutEvents",
  "StartExecution",
  "StartSyncExecution",
]);
export const AWS_SQS_QUEUE_URL = "aws.sqs.queue.url";
export const AWS_SNS_TOPIC_ARN = "aws.sns.topic.arn";
export const AWS_DYNAMODB_TABLE_NAMES = "aws.dynamodb.table_names";
export const AWS_S3_BUCKET = "aws.s3.bucket";
export const AWS_S3_KEY = "aws.s3.key";

export const SFN_STATE_MACHINE_ARN = "aws.step_functions.state_machine.arn";
/** No convention has these; state and retry are called as the SDK calls them. */
export const SFN_EXECUTION_ARN = "mayfly.sfn.execution.arn";
export const SFN_STATE_NAME = "mayfly.sfn.state.name";
export const SFN_STATE_TYPE = "mayfly.sfn.state.type";
export const SFN_RETRY_COUNT = "mayfly.sfn.state.retry_count";
export const SFN_REDRIVE_COUNT = "mayfly.sfn.redrive_count";
export const SFN_MAP_INDEX = "mayfly.sfn.map.index";
export const SFN_MAP_RUN_ARN = "mayfly.sfn.map_run.arn";
/** What a task calls: `lambda:invoke`, `sqs:sendMessage.waitForTaskToken`, or an ARN. */
export const SFN_RESOURCE = "mayfly.sfn.resource";
export const SFN_STATUS = "mayfly.sfn.status";

export const HTTP_REQUEST_METHOD = "http.request.method";
export const HTTP_RESPONSE_STATUS_CODE = "http.response.status_code";
export const HTTP_RESPONSE_BODY_SIZE = "http.response.body.size";
export const URL_FULL = "url.full";
export const USER_AGENT_ORIGINAL = "user_agent.original";
export const CLIENT_ADDRESS = "client.address";
export const ENDUSER_ID = "enduser.id";
export const DB_SYSTEM_NAME = "db.system.name";
export const DB_NAMESPACE = "db.namespace";
export const PEER_SERVICE = "peer.service";
export const SERVER_ADDRESS = "server.address";
export const TELEMETRY_SDK_NAME = "telemetry.sdk.name";
export const TELEMETRY_SDK_VERSION = "telemetry.sdk.version";
export const DB_QUERY_TEXT = "db.query.text";

export const MESSAGING_SYSTEM = "messaging.system";
export const MESSAGING_SYSTEM_SQS = "aws_sqs";
export const MESSAGING_SYSTEM_SNS = "aws.sns";
export const MESSAGING_MESSAGE_ID = ["messaging.message.id", "messaging.message_id"] as const;
export const MESSAGING_BATCH_MESSAGE_COUNT = "messaging.batch.message_count";
export const MESSAGING_DESTINATION_NAME = ["messaging.destination.name", "messaging.destination"] as const;
export const MESSAGING_OPERATION_TYPE = ["messaging.operation.type", "messaging.operation"] as const;
/** `publish` is what `send` was called before. */
export const MESSAGING_SENDING_OPERATIONS: ReadonlySet<string> = new Set(["send", "publish", "create"]);

export const ERROR_TYPE = "error.type";
/** The conventions' word for an error without a type. */
export const ERROR_TYPE_OTHER = "_OTHER";
export const EXCEPTION_EVENT = "exception";
export const EXCEPTION_TYPE = "exception.type";
export const EXCEPTION_MESSAGE = "exception.message";
export const EXCEPTION_STACKTRACE = "exception.stacktrace";

export const MAYFLY_TRIGGER = "mayfly.trigger";

export const MAYFLY_KEYS_PRODUCED = "mayfly.keys.produced";
export const MAYFLY_KEYS_CONSUMED = "mayfly.keys.consumed";
/** Milliseconds, on the first invocation of an environment that waited for its start. */
export const MAYFLY_INIT_DURATION_MS = "mayfly.init_duration_ms";
export const MAYFLY_UNFINISHED = "mayfly.unfinished";
export const MAYFLY_LINK = "mayfly.link";
export const MAYFLY_LINK_INVOCATION = "invocation";

/** Fields of a log line as Lambda and Mayfly's logger name them. */
export const LOG_REQUEST_ID = "requestId";
export const LOG_SEQ = "seq";

/** Every attribute of a span that an id, a stitch key or its failure is read from (spanIdsOf). */
export const SPAN_ID_ATTRIBUTES: readonly string[] = [
  ...FAAS_INVOCATION_ID,
  FAAS_INVOKED_NAME,
  ...AWS_REQUEST_ID,
  MESSAGING_SYSTEM,
  ...MESSAGING_MESSAGE_ID,
  ...MESSAGING_DESTINATION_NAME,
  ...MESSAGING_OPERATION_TYPE,
  MAYFLY_KEYS_PRODUCED,
  MAYFLY_KEYS_CONSUMED,
  MAYFLY_UNFINISHED,
];

/** Every attribute of a log record that an id is read from (logIdsOf). */
export const LOG_ID_ATTRIBUTES: readonly string[] = [...FAAS_INVOCATION_ID, LOG_REQUEST_ID];

export const CLOUD_PROVIDER = "cloud.provider";
export const CLOUD_PROVIDER_AWS = "aws";
export const CLOUD_PLATFORM = "cloud.platform";
export const CLOUD_PLATFORM_AWS_LAMBDA = "aws_lambda";
export const CLOUD_REGION = "cloud.region";
export const CLOUD_ACCOUNT_ID = "cloud.account.id";
export const CLOUD_RESOURCE_ID = "cloud.resource_id";
export const FAAS_INSTANCE = "faas.instance";
export const AWS_LOG_GROUP_NAMES = "aws.log.group.names";
export const AWS_LOG_STREAM_NAMES = "aws.log.stream.names";
export const LOG_RECORD_UID = "log.record.uid";

/** On a span that the collector made of what somebody else saw of an invocation: who saw it. */
export const MAYFLY_EVIDENCE = "mayfly.evidence";
export const MAYFLY_EVIDENCE_PLATFORM = "platform";
export const MAYFLY_EVIDENCE_XRAY = "xray";
/** A link to the sender's segment, as Lambda's trace header names it. */
export const MAYFLY_LINK_XRAY_PARENT = "xray-parent";

/** What Lambda says of an invocation: no convention has these, so they are called as Lambda calls them. */
export const LAMBDA_STATUS = "aws.lambda.status";
export const LAMBDA_DURATION_MS = "aws.lambda.duration_ms";
export const LAMBDA_BILLED_DURATION_MS = "aws.lambda.billed_duration_ms";
export const LAMBDA_MEMORY_SIZE_MB = "aws.lambda.memory_size_mb";
export const LAMBDA_MAX_MEMORY_USED_MB = "aws.lambda.max_memory_used_mb";
export const LAMBDA_INIT_DURATION_MS = "aws.lambda.init_duration_ms";
export const LAMBDA_RESTORE_DURATION_MS = "aws.lambda.restore_duration_ms";
export const LAMBDA_BILLED_RESTORE_DURATION_MS = "aws.lambda.billed_restore_duration_ms";
export const LAMBDA_PRODUCED_BYTES = "aws.lambda.produced_bytes";
