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
export const FAAS_TRIGGER_PUBSUB = "pubsub";
export const FAAS_TRIGGER_DATASOURCE = "datasource";
export const FAAS_TRIGGER_TIMER = "timer";
export const FAAS_COLDSTART = "faas.coldstart";
export const FAAS_INVOKED_NAME = "faas.invoked_name";
export const FAAS_INVOKED_PROVIDER = "faas.invoked_provider";
export const FAAS_INVOKED_REGION = "faas.invoked_region";
/** The request id; `faas.execution` was its name before semantic conventions 1.19. */
export const FAAS_INVOCATION_ID = ["faas.invocation_id", "faas.execution"] as const;

/** As the conventions say; as JavaScript's, Java's and Datadog's instrumentations do. */
export const AWS_REQUEST_ID = ["aws.request_id", "aws.request.id", "aws.requestId", "aws.response.request_id"] as const;
/** The service of a call to AWS; the second pair is X-Ray's and Datadog's. */
export const AWS_CALL_SERVICE = ["rpc.service", "aws.service"] as const;
/** Newer conventions write the service before it: `S3/PutObject`. */
export const AWS_CALL_OPERATION = ["rpc.method", "aws.operation"] as const;

export const RPC_SYSTEM = "rpc.system";
export const RPC_SYSTEM_AWS = "aws-api";
export const RPC_SERVICE = "rpc.service";
export const RPC_METHOD = "rpc.method";
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

/** On what works on an event that an archive sent again. */
export const EVENTBRIDGE_REPLAY_NAME = "mayfly.eventbridge.replay_name";
/** Of an event that a service of AWS sent: `aws.ec2`. */
export const EVENTBRIDGE_SOURCE = "mayfly.eventbridge.source";

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
export const MESSAGING_MESSAGE_ID = ["messaging.message.id", "messaging.message_id"] as const;
export const MESSAGING_BATCH_MESSAGE_COUNT = "messaging.batch.message_count";
export const MESSAGING_DESTINATION_NAME = ["messaging.destination.name", "messaging.destination"] as const;
export const MESSAGING_PARTITION = ["messaging.destination.partition.id"] as const;
/** The others are its older names. */
export const KAFKA_PARTITION = [
  ...MESSAGING_PARTITION,
  "messaging.kafka.destination.partition",
  "messaging.kafka.source.partition",
  "messaging.kafka.partition",
] as const;
export const MESSAGING_OPERATION = [
  "messaging.operation.type",
  "messaging.operation",
  "messaging.operation.name",
] as const;
/** `publish` is what `send` was called before. */
export const MESSAGING_SENDING_OPERATIONS: ReadonlySet<string> = new Set(["send", "publish", "create"]);
/** `deliver` is what `process` was called for a while. */
export const MESSAGING_RECEIVING_OPERATIONS: ReadonlySet<string> = new Set(["receive", "process", "deliver"]);

export const SQS_QUEUE = [
  ...MESSAGING_DESTINATION_NAME,
  "aws.sqs.queue.url",
  "aws.queue.url",
  "aws.queue_url",
  "messaging.url",
] as const;
export const SNS_TOPIC = [...MESSAGING_DESTINATION_NAME, "aws.sns.topic.arn"] as const;

/** The second is what JavaScript's instrumentation says, the third Java's. */
export const KINESIS_STREAM = [
  "aws.kinesis.stream_name",
  "aws.kinesis.stream.name",
  "aws.stream.name",
  ...MESSAGING_DESTINATION_NAME,
] as const;
/** No convention names these two: what hooks and other vendors' instrumentations write beside the stream. */
export const KINESIS_SHARD = ["aws.kinesis.shard_id", "aws.kinesis.shard.id"] as const;
export const KINESIS_SEQUENCE_NUMBER = ["aws.kinesis.sequence_number", "aws.kinesis.sequence.number"] as const;

/** The second is the older name. */
export const KAFKA_OFFSET = ["messaging.kafka.offset", "messaging.kafka.message.offset"] as const;
export const KAFKA_BOOTSTRAP_SERVERS = ["messaging.kafka.bootstrap.servers"] as const;

export const CLOUDEVENT_ID = ["cloudevents.event_id"] as const;
export const CLOUDEVENT_SOURCE = ["cloudevents.event_source"] as const;

/** No convention names it: what a hook of an instrumentation can set, in the words of its neighbours. */
export const AWS_EXECUTION_ARN = ["aws.step_functions.execution.arn"] as const;

/** Headers of an answer, where an instrumentation was told to keep them: of API Gateway, and of a function URL. */
export const HTTP_ANSWERED_REQUEST_ID = [
  "apigw-requestid",
  "apigw_requestid",
  "x-amzn-requestid",
  "x_amzn_requestid",
].map((name) => `http.response.header.${name}`);

/** On the span of an invocation, as Datadog's library and extension call it. */
export const DATADOG_REQUEST_ID = "request_id";
export const DATADOG_FUNCTION_ARN = "function_arn";
/** Links as JSON, where they came through Datadog's own wire. */
export const DATADOG_SPAN_LINKS = "_dd.span_links";
/** Of a link that is a pointer; websockets have the second. */
export const DATADOG_LINK_KIND = ["link.kind", "dd.kind"] as const;
export const DATADOG_LINK_IS_POINTER = "span-pointer";
export const DATADOG_POINTER_KIND = "ptr.kind";
/** `d`: the other side is downstream of it; `u`: upstream. */
export const DATADOG_POINTER_DIRECTION = "ptr.dir";
export const DATADOG_POINTER_HASH = "ptr.hash";

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
/** Of an invocation: how many spans within it sampling left out. */
export const MAYFLY_SDK_SAMPLED_OUT_SPANS = "mayfly.sdk.sampled_out_spans";
export const MAYFLY_UNFINISHED = "mayfly.unfinished";
/** On what was imported while it still ran. */
export const MAYFLY_IN_PROGRESS = "mayfly.in_progress";
export const MAYFLY_LINK = "mayfly.link";
export const MAYFLY_LINK_INVOCATION = "invocation";

/** Fields of a log line as Lambda and Mayfly's logger name them. */
export const LOG_REQUEST_ID = "requestId";
export const LOG_SEQ = "seq";

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
