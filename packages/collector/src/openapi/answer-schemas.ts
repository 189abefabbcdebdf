/**
 * The types of @mayfly/api, as JSON Schema.
 *
 * Made from packages/api/src by: node scripts/reference-pages.mjs
 */
export const ANSWER_SCHEMAS = {
  "FunctionList": {
    "type": "object",
    "properties": {
      "spansBehind": {
        "description": "Stored spans that are in no row yet; absent where there are none.",
        "$ref": "#/components/schemas/Count"
      },
      "problem": {
        "description": "Why their rows cannot be written now.",
        "type": "string"
      },
      "functions": {
        "type": "array",
        "items": {
          "$ref": "#/components/schemas/FunctionSummary"
        }
      },
      "count": {
        "description": "How many there are; more than are listed where `limit` cut them.",
        "$ref": "#/components/schemas/Count"
      },
      "fromUnixNano": {
        "$ref": "#/components/schemas/UnixNanoString"
      },
      "toUnixNano": {
        "$ref": "#/components/schemas/UnixNanoString"
      },
      "truncated": {
        "description": "True where there are more traces than were looked at: the numbers are of the newest, back to `lookedBackToUnixNano`.",
        "type": "boolean"
      },
      "lookedBackToUnixNano": {
        "$ref": "#/components/schemas/UnixNanoString"
      }
    },
    "required": [
      "functions",
      "count",
      "fromUnixNano",
      "toUnixNano"
    ]
  },
  "FunctionCounts": {
    "type": "object",
    "properties": {
      "invocations": {
        "$ref": "#/components/schemas/Count"
      },
      "errors": {
        "$ref": "#/components/schemas/Count"
      },
      "coldStarts": {
        "$ref": "#/components/schemas/Count"
      }
    },
    "required": [
      "invocations",
      "errors",
      "coldStarts"
    ]
  },
  "FunctionSummary": {
    "type": "object",
    "properties": {
      "invocations": {
        "$ref": "#/components/schemas/Count"
      },
      "errors": {
        "$ref": "#/components/schemas/Count"
      },
      "coldStarts": {
        "$ref": "#/components/schemas/Count"
      },
      "name": {
        "type": "string"
      },
      "services": {
        "type": "array",
        "items": {
          "type": "string"
        }
      },
      "triggers": {
        "type": "array",
        "items": {
          "type": "string"
        }
      },
      "durationNs": {
        "type": "object",
        "properties": {
          "p50": {
            "$ref": "#/components/schemas/DurationNs"
          },
          "p95": {
            "$ref": "#/components/schemas/DurationNs"
          },
          "p99": {
            "$ref": "#/components/schemas/DurationNs"
          }
        },
        "required": [
          "p50",
          "p95",
          "p99"
        ]
      },
      "lastSeenUnixNano": {
        "$ref": "#/components/schemas/UnixNanoString"
      }
    },
    "required": [
      "invocations",
      "errors",
      "coldStarts",
      "name",
      "services",
      "triggers",
      "durationNs",
      "lastSeenUnixNano"
    ]
  },
  "FunctionDetail": {
    "type": "object",
    "properties": {
      "invocations": {
        "$ref": "#/components/schemas/Count"
      },
      "errors": {
        "$ref": "#/components/schemas/Count"
      },
      "coldStarts": {
        "$ref": "#/components/schemas/Count"
      },
      "name": {
        "type": "string"
      },
      "services": {
        "type": "array",
        "items": {
          "type": "string"
        }
      },
      "triggers": {
        "type": "array",
        "items": {
          "type": "string"
        }
      },
      "durationNs": {
        "type": "object",
        "properties": {
          "p50": {
            "$ref": "#/components/schemas/DurationNs"
          },
          "p95": {
            "$ref": "#/components/schemas/DurationNs"
          },
          "p99": {
            "$ref": "#/components/schemas/DurationNs"
          }
        },
        "required": [
          "p50",
          "p95",
          "p99"
        ]
      },
      "lastSeenUnixNano": {
        "$ref": "#/components/schemas/UnixNanoString"
      },
      "spansBehind": {
        "description": "Stored spans that are in no row yet; absent where there are none.",
        "$ref": "#/components/schemas/Count"
      },
      "problem": {
        "description": "Why their rows cannot be written now.",
        "type": "string"
      },
      "fromUnixNano": {
        "$ref": "#/components/schemas/UnixNanoString"
      },
      "toUnixNano": {
        "$ref": "#/components/schemas/UnixNanoString"
      },
      "truncated": {
        "type": "boolean"
      },
      "lookedBackToUnixNano": {
        "$ref": "#/components/schemas/UnixNanoString"
      },
      "series": {
        "description": "Steps of equal length, oldest first, without a hole.",
        "type": "array",
        "items": {
          "$ref": "#/components/schemas/FunctionStep"
        }
      },
      "callers": {
        "description": "Functions whose messages and requests it received; those that received its own. Most first.",
        "type": "array",
        "items": {
          "$ref": "#/components/schemas/FunctionCall"
        }
      },
      "callees": {
        "type": "array",
        "items": {
          "$ref": "#/components/schemas/FunctionCall"
        }
      },
      "failures": {
        "description": "Latest first.",
        "type": "array",
        "items": {
          "$ref": "#/components/schemas/FunctionFailure"
        }
      },
      "slowest": {
        "type": "array",
        "items": {
          "$ref": "#/components/schemas/FunctionInvocation"
        }
      },
      "latest": {
        "type": "array",
        "items": {
          "$ref": "#/components/schemas/FunctionInvocation"
        }
      }
    },
    "required": [
      "invocations",
      "errors",
      "coldStarts",
      "name",
      "services",
      "triggers",
      "durationNs",
      "lastSeenUnixNano",
      "fromUnixNano",
      "toUnixNano",
      "series",
      "callers",
      "callees",
      "failures",
      "slowest",
      "latest"
    ]
  },
  "FunctionStep": {
    "type": "object",
    "properties": {
      "invocations": {
        "$ref": "#/components/schemas/Count"
      },
      "errors": {
        "$ref": "#/components/schemas/Count"
      },
      "coldStarts": {
        "$ref": "#/components/schemas/Count"
      },
      "fromUnixNano": {
        "$ref": "#/components/schemas/UnixNanoString"
      },
      "toUnixNano": {
        "description": "Not in the step.",
        "$ref": "#/components/schemas/UnixNanoString"
      },
      "durationNs": {
        "description": "Absent where nothing ran.",
        "type": "object",
        "properties": {
          "p50": {
            "$ref": "#/components/schemas/DurationNs"
          },
          "p95": {
            "$ref": "#/components/schemas/DurationNs"
          }
        },
        "required": [
          "p50",
          "p95"
        ]
      }
    },
    "required": [
      "invocations",
      "errors",
      "coldStarts",
      "fromUnixNano",
      "toUnixNano"
    ]
  },
  "FunctionCall": {
    "type": "object",
    "properties": {
      "name": {
        "type": "string"
      },
      "count": {
        "$ref": "#/components/schemas/Count"
      }
    },
    "required": [
      "name",
      "count"
    ]
  },
  "FunctionFailure": {
    "type": "object",
    "properties": {
      "type": {
        "type": "string"
      },
      "count": {
        "$ref": "#/components/schemas/Count"
      },
      "latest": {
        "description": "The last of them.",
        "$ref": "#/components/schemas/FunctionInvocation"
      }
    },
    "required": [
      "type",
      "count",
      "latest"
    ]
  },
  "FunctionInvocation": {
    "type": "object",
    "properties": {
      "traceId": {
        "type": "string"
      },
      "spanId": {
        "type": "string"
      },
      "stitchedTraceId": {
        "type": "string"
      },
      "requestId": {
        "type": "string"
      },
      "startTimeUnixNano": {
        "$ref": "#/components/schemas/UnixNanoString"
      },
      "durationNs": {
        "$ref": "#/components/schemas/DurationNs"
      },
      "status": {
        "type": "string",
        "enum": [
          "ok",
          "error"
        ]
      },
      "errorType": {
        "type": "string"
      },
      "coldStart": {
        "type": "boolean"
      }
    },
    "required": [
      "traceId",
      "spanId",
      "stitchedTraceId",
      "startTimeUnixNano",
      "durationNs",
      "status",
      "coldStart"
    ]
  },
  "UnixNanoString": {
    "type": "string",
    "description": "Decimal digits of Unix nanoseconds.",
    "pattern": "^[0-9]{1,20}$"
  },
  "Integer": {
    "type": "integer"
  },
  "Count": {
    "type": "integer",
    "description": "How many.",
    "minimum": 0
  },
  "DurationNs": {
    "type": "integer",
    "description": "A length of time in nanoseconds; exact up to 104 days.",
    "minimum": 0
  },
  "AttributeValue": {
    "anyOf": [
      {
        "type": "string"
      },
      {
        "type": "number"
      },
      {
        "type": "boolean"
      },
      {
        "type": "null"
      },
      {
        "type": "array",
        "items": {
          "$ref": "#/components/schemas/AttributeValue"
        }
      },
      {
        "type": "object",
        "additionalProperties": {
          "$ref": "#/components/schemas/AttributeValue"
        }
      }
    ],
    "description": "Attribute values as read by people: an int64 past 2^53 is a decimal string, bytes are base64."
  },
  "Attributes": {
    "type": "object",
    "additionalProperties": {
      "$ref": "#/components/schemas/AttributeValue"
    }
  },
  "SpanKind": {
    "type": "string",
    "enum": [
      "unspecified",
      "internal",
      "server",
      "client",
      "producer",
      "consumer"
    ]
  },
  "Status": {
    "type": "object",
    "properties": {
      "code": {
        "type": "string",
        "enum": [
          "unset",
          "ok",
          "error"
        ]
      },
      "message": {
        "type": "string"
      }
    },
    "required": [
      "code"
    ]
  },
  "SpanRef": {
    "type": "object",
    "properties": {
      "traceId": {
        "type": "string"
      },
      "spanId": {
        "type": "string"
      }
    },
    "required": [
      "traceId",
      "spanId"
    ]
  },
  "SpanEvent": {
    "type": "object",
    "properties": {
      "timeUnixNano": {
        "$ref": "#/components/schemas/UnixNanoString"
      },
      "name": {
        "type": "string"
      },
      "attributes": {
        "$ref": "#/components/schemas/Attributes"
      }
    },
    "required": [
      "timeUnixNano",
      "name",
      "attributes"
    ]
  },
  "SpanLink": {
    "type": "object",
    "properties": {
      "traceId": {
        "type": "string"
      },
      "spanId": {
        "type": "string"
      },
      "attributes": {
        "$ref": "#/components/schemas/Attributes"
      }
    },
    "required": [
      "traceId",
      "spanId",
      "attributes"
    ]
  },
  "Span": {
    "type": "object",
    "properties": {
      "traceId": {
        "type": "string"
      },
      "spanId": {
        "type": "string"
      },
      "parentSpanId": {
        "type": "string"
      },
      "name": {
        "type": "string"
      },
      "kind": {
        "$ref": "#/components/schemas/SpanKind"
      },
      "serviceName": {
        "type": "string"
      },
      "functionName": {
        "description": "`faas.name` of the resource, else `service.name`.",
        "type": "string"
      },
      "requestId": {
        "description": "The invocation it ran in: `faas.invocation_id` of the span itself or of its local root.",
        "type": "string"
      },
      "startTimeUnixNano": {
        "$ref": "#/components/schemas/UnixNanoString"
      },
      "durationNs": {
        "description": "Never negative: an end before its start counts as the start.",
        "$ref": "#/components/schemas/DurationNs"
      },
      "status": {
        "$ref": "#/components/schemas/Status"
      },
      "attributes": {
        "$ref": "#/components/schemas/Attributes"
      },
      "events": {
        "type": "array",
        "items": {
          "$ref": "#/components/schemas/SpanEvent"
        }
      },
      "links": {
        "type": "array",
        "items": {
          "$ref": "#/components/schemas/SpanLink"
        }
      },
      "clockOffsetNs": {
        "description": "In a stitched trace: its clock differs from the others', and by theirs it started so much later (negative: earlier) than `startTimeUnixNano`. All other times of a stitched trace are corrected by it.",
        "$ref": "#/components/schemas/Integer"
      },
      "selfTimeNs": {
        "description": "In a stitched trace: how long it ran while nothing that it caused did.",
        "$ref": "#/components/schemas/DurationNs"
      },
      "platform": {
        "description": "Of an invocation's span: what Lambda says of the invocation.",
        "$ref": "#/components/schemas/PlatformReport"
      },
      "evidence": {
        "description": "Made of what Lambda, or X-Ray, saw of an invocation; in a stitched trace: the invocation sent no spans itself.",
        "type": "string",
        "enum": [
          "platform",
          "xray"
        ]
      }
    },
    "required": [
      "traceId",
      "spanId",
      "name",
      "kind",
      "startTimeUnixNano",
      "durationNs",
      "status",
      "attributes",
      "events",
      "links"
    ]
  },
  "PlatformReport": {
    "description": "What Lambda says of one invocation, in Lambda's own measures. What it did not say is absent.",
    "type": "object",
    "properties": {
      "status": {
        "type": "string",
        "enum": [
          "success",
          "failure",
          "error",
          "timeout"
        ]
      },
      "errorType": {
        "type": "string"
      },
      "message": {
        "description": "In its own words: \"Task timed out after 3.00 seconds\".",
        "type": "string"
      },
      "outOfMemory": {
        "description": "It was killed because it used all the memory it was given.",
        "const": true
      },
      "durationMs": {
        "type": "number"
      },
      "billedDurationMs": {
        "description": "What is paid for; since August 2025 with the init.",
        "type": "number"
      },
      "memorySizeMb": {
        "type": "number"
      },
      "maxMemoryUsedMb": {
        "type": "number"
      },
      "initDurationMs": {
        "description": "The environment was started for it.",
        "type": "number"
      },
      "restoreDurationMs": {
        "type": "number"
      },
      "billedRestoreDurationMs": {
        "description": "Beside the billed duration, not in it.",
        "type": "number"
      },
      "producedBytes": {
        "type": "number"
      },
      "startTimeUnixNano": {
        "description": "By Lambda's clock.",
        "$ref": "#/components/schemas/UnixNanoString"
      }
    },
    "required": [
      "startTimeUnixNano"
    ]
  },
  "JoinKind": {
    "anyOf": [
      {
        "const": "parent"
      },
      {
        "const": "link"
      },
      {
        "$ref": "#/components/schemas/StitchKeyKind"
      }
    ],
    "description": "The kinds of evidence for a join: carried context first, then the ids that the platform shows to both sides."
  },
  "StitchKeyKind": {
    "type": "string",
    "enum": [
      "sqs-message",
      "sns-message",
      "eventbridge-event",
      "lambda-request",
      "http-request",
      "sfn-execution",
      "sfn-task-token",
      "kinesis-record",
      "dynamodb-record",
      "s3-request",
      "s3-object",
      "kafka-record",
      "pubsub-message",
      "cloudevent",
      "xray-root"
    ]
  },
  "StitchKey": {
    "type": "object",
    "properties": {
      "kind": {
        "$ref": "#/components/schemas/StitchKeyKind"
      },
      "scope": {
        "description": "Where the id was seen (queue, bus, stream); part of the identity only for the kinds that say so.",
        "type": "string"
      },
      "id": {
        "type": "string"
      }
    },
    "required": [
      "kind",
      "id"
    ]
  },
  "PlaceholderRef": {
    "type": "object",
    "properties": {
      "placeholder": {
        "type": "string"
      }
    },
    "required": [
      "placeholder"
    ]
  },
  "Join": {
    "description": "A directed edge: `from` is the span that sent, `to` the local root of the unit that received.",
    "type": "object",
    "properties": {
      "from": {
        "anyOf": [
          {
            "$ref": "#/components/schemas/SpanRef"
          },
          {
            "$ref": "#/components/schemas/PlaceholderRef"
          }
        ]
      },
      "to": {
        "$ref": "#/components/schemas/SpanRef"
      },
      "kind": {
        "description": "The strongest evidence.",
        "$ref": "#/components/schemas/JoinKind"
      },
      "key": {
        "description": "The shared platform id whenever one is known, also beside a carried parent.",
        "$ref": "#/components/schemas/StitchKey"
      },
      "strength": {
        "type": "string",
        "enum": [
          "exact",
          "strong",
          "heuristic"
        ]
      },
      "relation": {
        "description": "`continues`: the consumer works for this one producer; `links`: it works for many (a batch).",
        "type": "string",
        "enum": [
          "continues",
          "links"
        ]
      },
      "reason": {
        "description": "One sentence for people: why we believe it.",
        "type": "string"
      }
    },
    "required": [
      "from",
      "to",
      "kind",
      "strength",
      "relation",
      "reason"
    ]
  },
  "GapReason": {
    "type": "string",
    "enum": [
      "missing-parent",
      "unknown-producer",
      "ambiguous-producer",
      "batch-without-records",
      "no-consumer",
      "no-message-id",
      "uninstrumented-function",
      "dropped-context",
      "xray-only-context",
      "stale-context",
      "sampled-out"
    ]
  },
  "Gap": {
    "description": "A place where the story is known to be incomplete.",
    "type": "object",
    "properties": {
      "reason": {
        "$ref": "#/components/schemas/GapReason"
      },
      "at": {
        "description": "The span beside which the story breaks off.",
        "$ref": "#/components/schemas/SpanRef"
      },
      "key": {
        "$ref": "#/components/schemas/StitchKey"
      },
      "message": {
        "description": "One sentence for people: what is missing.",
        "type": "string"
      },
      "advice": {
        "description": "One sentence for people: how to mend it.",
        "type": "string"
      },
      "candidates": {
        "description": "Of `ambiguous-producer`: the spans that may have sent it, latest first; the ten latest where there are more.",
        "type": "array",
        "items": {
          "$ref": "#/components/schemas/GapCandidate"
        }
      }
    },
    "required": [
      "reason",
      "at",
      "message",
      "advice"
    ]
  },
  "GapCandidate": {
    "description": "A span, in whatever trace.",
    "type": "object",
    "properties": {
      "traceId": {
        "type": "string"
      },
      "spanId": {
        "type": "string"
      },
      "name": {
        "description": "The function that it ran in, where one is known.",
        "type": "string"
      }
    },
    "required": [
      "traceId",
      "spanId",
      "name"
    ]
  },
  "Placeholder": {
    "description": "Stands for a span or a producer that the evidence names and nobody sent.",
    "type": "object",
    "properties": {
      "id": {
        "type": "string"
      },
      "reason": {
        "type": "string",
        "enum": [
          "missing-parent",
          "unknown-producer"
        ]
      },
      "traceId": {
        "type": "string"
      },
      "spanId": {
        "type": "string"
      },
      "key": {
        "$ref": "#/components/schemas/StitchKey"
      }
    },
    "required": [
      "id",
      "reason"
    ]
  },
  "TraceSummary": {
    "type": "object",
    "properties": {
      "id": {
        "description": "`<traceId>.<spanId>` of the root unit's local root, or the id of the placeholder at the root.",
        "type": "string"
      },
      "traceIds": {
        "type": "array",
        "items": {
          "type": "string"
        }
      },
      "requestIds": {
        "type": "array",
        "items": {
          "type": "string"
        }
      },
      "name": {
        "type": "string"
      },
      "startTimeUnixNano": {
        "$ref": "#/components/schemas/UnixNanoString"
      },
      "durationNs": {
        "$ref": "#/components/schemas/DurationNs"
      },
      "spanCount": {
        "$ref": "#/components/schemas/Count"
      },
      "errorCount": {
        "$ref": "#/components/schemas/Count"
      },
      "functions": {
        "description": "In causal order, each once.",
        "type": "array",
        "items": {
          "type": "string"
        }
      },
      "costUsd": {
        "description": "null until priced.",
        "anyOf": [
          {
            "type": "number"
          },
          {
            "type": "null"
          }
        ]
      },
      "settled": {
        "description": "False while late data may still change it.",
        "type": "boolean"
      },
      "coldStarts": {
        "$ref": "#/components/schemas/Count"
      },
      "gapCount": {
        "$ref": "#/components/schemas/Count"
      },
      "truncated": {
        "description": "True when a bound cut the walk: there is more than is counted here.",
        "type": "boolean"
      }
    },
    "required": [
      "id",
      "traceIds",
      "requestIds",
      "name",
      "startTimeUnixNano",
      "durationNs",
      "spanCount",
      "errorCount",
      "functions",
      "costUsd",
      "settled",
      "coldStarts",
      "gapCount"
    ]
  },
  "PathStep": {
    "description": "A stretch of the critical path. `work`: the span ran, and nothing that it caused and that ended later; `wait`: it had not begun, what it received was under way; `init`: its environment was started for it.",
    "type": "object",
    "properties": {
      "traceId": {
        "type": "string"
      },
      "spanId": {
        "type": "string"
      },
      "is": {
        "type": "string",
        "enum": [
          "work",
          "wait",
          "init"
        ]
      },
      "startTimeUnixNano": {
        "$ref": "#/components/schemas/UnixNanoString"
      },
      "durationNs": {
        "$ref": "#/components/schemas/DurationNs"
      }
    },
    "required": [
      "traceId",
      "spanId",
      "is",
      "startTimeUnixNano",
      "durationNs"
    ]
  },
  "TraceDetail": {
    "type": "object",
    "properties": {
      "id": {
        "description": "`<traceId>.<spanId>` of the root unit's local root, or the id of the placeholder at the root.",
        "type": "string"
      },
      "traceIds": {
        "type": "array",
        "items": {
          "type": "string"
        }
      },
      "requestIds": {
        "type": "array",
        "items": {
          "type": "string"
        }
      },
      "name": {
        "type": "string"
      },
      "startTimeUnixNano": {
        "$ref": "#/components/schemas/UnixNanoString"
      },
      "durationNs": {
        "$ref": "#/components/schemas/DurationNs"
      },
      "spanCount": {
        "$ref": "#/components/schemas/Count"
      },
      "errorCount": {
        "$ref": "#/components/schemas/Count"
      },
      "functions": {
        "description": "In causal order, each once.",
        "type": "array",
        "items": {
          "type": "string"
        }
      },
      "costUsd": {
        "description": "null until priced.",
        "anyOf": [
          {
            "type": "number"
          },
          {
            "type": "null"
          }
        ]
      },
      "settled": {
        "description": "False while late data may still change it.",
        "type": "boolean"
      },
      "spans": {
        "description": "Earliest first; 1,000 with the first page, up to 20,000 with each that follows.",
        "type": "array",
        "items": {
          "$ref": "#/components/schemas/Span"
        }
      },
      "joins": {
        "description": "Those that lead to the spans of this page.",
        "type": "array",
        "items": {
          "$ref": "#/components/schemas/Join"
        }
      },
      "gaps": {
        "type": "array",
        "items": {
          "$ref": "#/components/schemas/Gap"
        }
      },
      "gapCount": {
        "description": "Where not all of them are listed: how many there are.",
        "$ref": "#/components/schemas/Integer"
      },
      "placeholders": {
        "type": "array",
        "items": {
          "$ref": "#/components/schemas/Placeholder"
        }
      },
      "criticalPath": {
        "description": "What set the duration: from the root's start to the last end, in time order, each step where the one before ends. With the first page of a stitched trace; steps too short to be seen are told as part of the one before.",
        "type": "array",
        "items": {
          "$ref": "#/components/schemas/PathStep"
        }
      },
      "memberOf": {
        "description": "Asked for a batch: the ids of the stitched traces it worked for.",
        "type": "array",
        "items": {
          "type": "string"
        }
      },
      "alternatives": {
        "description": "Asked for an id that several stitched traces know: the others, newest first.",
        "type": "array",
        "items": {
          "type": "string"
        }
      },
      "truncated": {
        "description": "True when a bound cut the answer; `cursor` asks for the rest.",
        "type": "boolean"
      },
      "cursor": {
        "type": "string"
      }
    },
    "required": [
      "id",
      "traceIds",
      "requestIds",
      "name",
      "startTimeUnixNano",
      "durationNs",
      "spanCount",
      "errorCount",
      "functions",
      "costUsd",
      "settled",
      "spans",
      "joins",
      "gaps"
    ]
  },
  "Behind": {
    "description": "What an answer that is made of rows may lack: they are worked out beside what arrives.",
    "type": "object",
    "properties": {
      "spansBehind": {
        "description": "Stored spans that are in no row yet; absent where there are none.",
        "$ref": "#/components/schemas/Count"
      },
      "problem": {
        "description": "Why their rows cannot be written now.",
        "type": "string"
      }
    },
    "required": []
  },
  "TraceList": {
    "description": "`GET /api/traces`",
    "type": "object",
    "properties": {
      "spansBehind": {
        "description": "Stored spans that are in no row yet; absent where there are none.",
        "$ref": "#/components/schemas/Count"
      },
      "problem": {
        "description": "Why their rows cannot be written now.",
        "type": "string"
      },
      "traces": {
        "type": "array",
        "items": {
          "$ref": "#/components/schemas/TraceSummary"
        }
      },
      "cursor": {
        "description": "Absent on the last page.",
        "type": "string"
      }
    },
    "required": [
      "traces"
    ]
  },
  "InvocationAttempt": {
    "description": "One run of a function, told by its invocation span, or by what Lambda says of it; the spans themselves are in its stitched trace.",
    "type": "object",
    "properties": {
      "traceId": {
        "type": "string"
      },
      "spanId": {
        "type": "string"
      },
      "stitchedTraceId": {
        "description": "The transaction that it belongs to; a batch's own, whose members are in `memberOf`.",
        "type": "string"
      },
      "memberOf": {
        "type": "array",
        "items": {
          "type": "string"
        }
      },
      "name": {
        "type": "string"
      },
      "functionName": {
        "type": "string"
      },
      "version": {
        "description": "`faas.version` of the resource.",
        "type": "string"
      },
      "trigger": {
        "description": "`faas.trigger`.",
        "type": "string"
      },
      "startTimeUnixNano": {
        "$ref": "#/components/schemas/UnixNanoString"
      },
      "durationNs": {
        "$ref": "#/components/schemas/DurationNs"
      },
      "status": {
        "$ref": "#/components/schemas/Status"
      },
      "coldStart": {
        "type": "boolean"
      },
      "initDurationMs": {
        "description": "`mayfly.init_duration_ms`: how long the environment took to start, where this invocation waited for it.",
        "type": "number"
      },
      "maxMemoryBytes": {
        "description": "`faas.max_memory` of the resource, in bytes.",
        "$ref": "#/components/schemas/Count"
      },
      "platform": {
        "$ref": "#/components/schemas/PlatformReport"
      },
      "evidence": {
        "description": "No span of it has arrived: it is known by what Lambda, or X-Ray, saw of it.",
        "type": "string",
        "enum": [
          "platform",
          "xray"
        ]
      },
      "spanCount": {
        "description": "Its own spans, those of its records included.",
        "$ref": "#/components/schemas/Count"
      },
      "errorCount": {
        "$ref": "#/components/schemas/Count"
      },
      "consumed": {
        "type": "array",
        "items": {
          "$ref": "#/components/schemas/StitchKey"
        }
      },
      "produced": {
        "type": "array",
        "items": {
          "$ref": "#/components/schemas/StitchKey"
        }
      }
    },
    "required": [
      "traceId",
      "spanId",
      "stitchedTraceId",
      "name",
      "startTimeUnixNano",
      "durationNs",
      "status",
      "coldStart",
      "spanCount",
      "errorCount",
      "consumed",
      "produced"
    ]
  },
  "Invocation": {
    "description": "`GET /api/invocations/{requestId}`. Retries of an asynchronous event keep the request id: those are its attempts.",
    "type": "object",
    "properties": {
      "requestId": {
        "type": "string"
      },
      "attempts": {
        "description": "Earliest first.",
        "type": "array",
        "items": {
          "$ref": "#/components/schemas/InvocationAttempt"
        }
      }
    },
    "required": [
      "requestId",
      "attempts"
    ]
  },
  "TraceStats": {
    "description": "`GET /api/traces/stats`: the traces that the same filters list, counted.",
    "type": "object",
    "properties": {
      "spansBehind": {
        "description": "Stored spans that are in no row yet; absent where there are none.",
        "$ref": "#/components/schemas/Count"
      },
      "problem": {
        "description": "Why their rows cannot be written now.",
        "type": "string"
      },
      "count": {
        "$ref": "#/components/schemas/Count"
      },
      "errorCount": {
        "$ref": "#/components/schemas/Count"
      },
      "truncated": {
        "description": "True where there are more than were looked at: the numbers are of the newest, back to `lookedBackToUnixNano`.",
        "type": "boolean"
      },
      "lookedBackToUnixNano": {
        "$ref": "#/components/schemas/UnixNanoString"
      },
      "durationNs": {
        "description": "Absent where there is no trace.",
        "type": "object",
        "properties": {
          "p50": {
            "$ref": "#/components/schemas/DurationNs"
          },
          "p90": {
            "$ref": "#/components/schemas/DurationNs"
          },
          "p95": {
            "$ref": "#/components/schemas/DurationNs"
          },
          "p99": {
            "$ref": "#/components/schemas/DurationNs"
          }
        },
        "required": [
          "p50",
          "p90",
          "p95",
          "p99"
        ]
      },
      "durations": {
        "description": "Steps of equal ratio, from the shortest to the longest.",
        "type": "array",
        "items": {
          "type": "object",
          "properties": {
            "count": {
              "$ref": "#/components/schemas/Count"
            },
            "errorCount": {
              "$ref": "#/components/schemas/Count"
            },
            "fromNs": {
              "$ref": "#/components/schemas/DurationNs"
            },
            "toNs": {
              "$ref": "#/components/schemas/DurationNs"
            }
          },
          "required": [
            "count",
            "errorCount",
            "fromNs",
            "toNs"
          ]
        }
      },
      "times": {
        "description": "Steps of equal length, oldest first.",
        "type": "array",
        "items": {
          "type": "object",
          "properties": {
            "count": {
              "$ref": "#/components/schemas/Count"
            },
            "errorCount": {
              "$ref": "#/components/schemas/Count"
            },
            "fromUnixNano": {
              "$ref": "#/components/schemas/UnixNanoString"
            },
            "toUnixNano": {
              "$ref": "#/components/schemas/UnixNanoString"
            }
          },
          "required": [
            "count",
            "errorCount",
            "fromUnixNano",
            "toUnixNano"
          ]
        }
      },
      "facets": {
        "description": "The values of most traces first; a trace counts for each value that it has.",
        "type": "object",
        "properties": {
          "function": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "value": {
                  "type": "string"
                },
                "count": {
                  "$ref": "#/components/schemas/Count"
                }
              },
              "required": [
                "value",
                "count"
              ]
            }
          },
          "status": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "value": {
                  "type": "string"
                },
                "count": {
                  "$ref": "#/components/schemas/Count"
                }
              },
              "required": [
                "value",
                "count"
              ]
            }
          },
          "error": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "value": {
                  "type": "string"
                },
                "count": {
                  "$ref": "#/components/schemas/Count"
                }
              },
              "required": [
                "value",
                "count"
              ]
            }
          },
          "cold": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "value": {
                  "type": "string"
                },
                "count": {
                  "$ref": "#/components/schemas/Count"
                }
              },
              "required": [
                "value",
                "count"
              ]
            }
          },
          "trigger": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "value": {
                  "type": "string"
                },
                "count": {
                  "$ref": "#/components/schemas/Count"
                }
              },
              "required": [
                "value",
                "count"
              ]
            }
          },
          "service": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "value": {
                  "type": "string"
                },
                "count": {
                  "$ref": "#/components/schemas/Count"
                }
              },
              "required": [
                "value",
                "count"
              ]
            }
          }
        },
        "required": [
          "function",
          "status",
          "error",
          "cold",
          "trigger",
          "service"
        ]
      }
    },
    "required": [
      "count",
      "errorCount",
      "durations",
      "times",
      "facets"
    ]
  },
  "Suggestions": {
    "description": "`GET /api/suggest`",
    "type": "object",
    "properties": {
      "suggestions": {
        "type": "array",
        "items": {
          "$ref": "#/components/schemas/Suggestion"
        }
      }
    },
    "required": [
      "suggestions"
    ]
  },
  "Suggestion": {
    "type": "object",
    "properties": {
      "kind": {
        "type": "string",
        "enum": [
          "field",
          "attribute",
          "value"
        ]
      },
      "text": {
        "type": "string"
      },
      "of": {
        "description": "Of a value that was suggested where no field was named: the field.",
        "type": "string"
      },
      "meaning": {
        "type": "string"
      },
      "count": {
        "$ref": "#/components/schemas/Count"
      }
    },
    "required": [
      "kind",
      "text"
    ]
  },
  "LogRecord": {
    "type": "object",
    "properties": {
      "timeUnixNano": {
        "$ref": "#/components/schemas/UnixNanoString"
      },
      "severityNumber": {
        "description": "1-24, in fours: trace, debug, info, warn, error, fatal; 0 when unset.",
        "$ref": "#/components/schemas/Integer"
      },
      "severityText": {
        "type": "string"
      },
      "body": {
        "$ref": "#/components/schemas/AttributeValue"
      },
      "eventName": {
        "description": "Of an event its name; of a record of Lambda's own its type, such as `platform.report`.",
        "type": "string"
      },
      "traceId": {
        "type": "string"
      },
      "spanId": {
        "type": "string"
      },
      "requestId": {
        "type": "string"
      },
      "functionName": {
        "type": "string"
      },
      "attributes": {
        "$ref": "#/components/schemas/Attributes"
      }
    },
    "required": [
      "timeUnixNano",
      "severityNumber",
      "body",
      "attributes"
    ]
  },
  "LogList": {
    "description": "`GET /api/logs`",
    "type": "object",
    "properties": {
      "logs": {
        "description": "Asked for by id, oldest first; else newest first.",
        "type": "array",
        "items": {
          "$ref": "#/components/schemas/LogRecord"
        }
      },
      "truncated": {
        "description": "Asked for by id: there are more than `limit`.",
        "type": "boolean"
      },
      "cursor": {
        "description": "There may be more.",
        "type": "string"
      }
    },
    "required": [
      "logs"
    ]
  },
  "DamagedPartition": {
    "type": "object",
    "properties": {
      "partition": {
        "$ref": "#/components/schemas/Count"
      },
      "code": {
        "type": "string"
      },
      "message": {
        "type": "string"
      }
    },
    "required": [
      "partition",
      "code",
      "message"
    ]
  },
  "Stats": {
    "description": "`GET /api/stats`: the ledger. received = stored + duplicate + rejected + dropped.",
    "type": "object",
    "properties": {
      "spans": {
        "$ref": "#/components/schemas/Count"
      },
      "traces": {
        "$ref": "#/components/schemas/Count"
      },
      "logs": {
        "$ref": "#/components/schemas/Count"
      },
      "invocations": {
        "$ref": "#/components/schemas/Count"
      },
      "receivedSpans": {
        "$ref": "#/components/schemas/Count"
      },
      "duplicateSpans": {
        "$ref": "#/components/schemas/Count"
      },
      "rejectedSpans": {
        "type": "object",
        "additionalProperties": {
          "$ref": "#/components/schemas/Count"
        }
      },
      "droppedSpans": {
        "type": "object",
        "additionalProperties": {
          "$ref": "#/components/schemas/Count"
        }
      },
      "refusedRequests": {
        "description": "OTLP requests refused whole, by error code, since `startedAt`; what was in them is not known.",
        "type": "object",
        "additionalProperties": {
          "$ref": "#/components/schemas/Count"
        }
      },
      "receivedLogs": {
        "$ref": "#/components/schemas/Count"
      },
      "duplicateLogs": {
        "$ref": "#/components/schemas/Count"
      },
      "rejectedLogs": {
        "type": "object",
        "additionalProperties": {
          "$ref": "#/components/schemas/Count"
        }
      },
      "droppedLogs": {
        "type": "object",
        "additionalProperties": {
          "$ref": "#/components/schemas/Count"
        }
      },
      "metricPoints": {
        "$ref": "#/components/schemas/Count"
      },
      "receivedMetricPoints": {
        "$ref": "#/components/schemas/Count"
      },
      "duplicateMetricPoints": {
        "$ref": "#/components/schemas/Count"
      },
      "rejectedMetricPoints": {
        "type": "object",
        "additionalProperties": {
          "$ref": "#/components/schemas/Count"
        }
      },
      "droppedMetricPoints": {
        "type": "object",
        "additionalProperties": {
          "$ref": "#/components/schemas/Count"
        }
      },
      "spansBehind": {
        "description": "Stored spans that the list of traces does not show yet: its rows are worked out beside what arrives.",
        "$ref": "#/components/schemas/Count"
      },
      "bytesOnDisk": {
        "$ref": "#/components/schemas/Count"
      },
      "damagedPartitions": {
        "description": "Set aside, and missing from every answer; files when they are opened, what is in them when it is read.",
        "type": "array",
        "items": {
          "$ref": "#/components/schemas/DamagedPartition"
        }
      },
      "startedAt": {
        "$ref": "#/components/schemas/UnixNanoString"
      },
      "version": {
        "type": "string"
      }
    },
    "required": [
      "spans",
      "traces",
      "logs",
      "invocations",
      "receivedSpans",
      "duplicateSpans",
      "rejectedSpans",
      "droppedSpans",
      "refusedRequests",
      "receivedLogs",
      "duplicateLogs",
      "rejectedLogs",
      "droppedLogs",
      "metricPoints",
      "receivedMetricPoints",
      "duplicateMetricPoints",
      "rejectedMetricPoints",
      "droppedMetricPoints",
      "spansBehind",
      "bytesOnDisk",
      "damagedPartitions",
      "startedAt",
      "version"
    ]
  },
  "Session": {
    "description": "`GET /api/session`, `POST /api/login`",
    "type": "object",
    "properties": {
      "needsKey": {
        "description": "False: nobody needs a key here.",
        "type": "boolean"
      },
      "key": {
        "description": "The key that the caller is known by.",
        "type": "object",
        "properties": {
          "name": {
            "type": "string"
          },
          "scope": {
            "type": "string",
            "enum": [
              "ingest",
              "read",
              "admin"
            ]
          }
        },
        "required": [
          "name",
          "scope"
        ]
      }
    },
    "required": [
      "needsKey"
    ]
  },
  "TelemetryReceipt": {
    "description": "`POST /v1/lambda/telemetry`",
    "type": "object",
    "properties": {
      "records": {
        "description": "Records that were kept.",
        "$ref": "#/components/schemas/Count"
      },
      "rejected": {
        "description": "Those that were not, by reason.",
        "type": "object",
        "additionalProperties": {
          "$ref": "#/components/schemas/Count"
        }
      }
    },
    "required": [
      "records",
      "rejected"
    ]
  },
  "FirehoseReceipt": {
    "description": "`POST /v1/firehose`: what Amazon Data Firehose expects of any answer.",
    "type": "object",
    "properties": {
      "requestId": {
        "description": "Of the request.",
        "type": "string"
      },
      "timestamp": {
        "description": "Milliseconds since 1970.",
        "$ref": "#/components/schemas/Count"
      },
      "errorMessage": {
        "description": "Why it failed.",
        "type": "string"
      }
    },
    "required": [
      "requestId",
      "timestamp"
    ]
  },
  "ErrorBody": {
    "description": "The body of every answer that is not 2xx, outside the routes that take telemetry in a form of somebody else's.",
    "type": "object",
    "properties": {
      "error": {
        "type": "object",
        "properties": {
          "code": {
            "type": "string"
          },
          "message": {
            "type": "string"
          },
          "at": {
            "description": "With `bad-query`: where in `q`, in UTF-16 units; `end` is after the last.",
            "type": "object",
            "properties": {
              "start": {
                "$ref": "#/components/schemas/Count"
              },
              "end": {
                "$ref": "#/components/schemas/Count"
              }
            },
            "required": [
              "start",
              "end"
            ]
          }
        },
        "required": [
          "code",
          "message"
        ]
      }
    },
    "required": [
      "error"
    ]
  },
  "LiveMissed": {
    "description": "There were rows that were not told; the list has them.",
    "type": "object",
    "properties": {
      "count": {
        "description": "Those that a slow reader had no time for; absent where it is not known how many.",
        "$ref": "#/components/schemas/Count"
      }
    },
    "required": []
  },
  "Metrics": {
    "anyOf": [
      {
        "$ref": "#/components/schemas/MetricPoints"
      },
      {
        "$ref": "#/components/schemas/MetricNames"
      }
    ]
  },
  "MetricNames": {
    "description": "Without `name`.",
    "type": "object",
    "properties": {
      "names": {
        "description": "By name.",
        "type": "array",
        "items": {
          "$ref": "#/components/schemas/MetricName"
        }
      },
      "truncated": {
        "description": "True where there are more points than were looked at: names and numbers are of the latest to arrive.",
        "type": "boolean"
      }
    },
    "required": [
      "names"
    ]
  },
  "MetricName": {
    "type": "object",
    "properties": {
      "name": {
        "type": "string"
      },
      "kind": {
        "$ref": "#/components/schemas/MetricKind"
      },
      "unit": {
        "type": "string"
      },
      "description": {
        "type": "string"
      },
      "points": {
        "description": "Data points.",
        "$ref": "#/components/schemas/Count"
      },
      "lastSeenUnixNano": {
        "$ref": "#/components/schemas/UnixNanoString"
      }
    },
    "required": [
      "name",
      "kind",
      "points",
      "lastSeenUnixNano"
    ]
  },
  "MetricKind": {
    "type": "string",
    "enum": [
      "gauge",
      "sum",
      "histogram",
      "exponentialHistogram",
      "summary"
    ]
  },
  "MetricPoints": {
    "description": "With `name`.",
    "type": "object",
    "properties": {
      "metrics": {
        "description": "Of one kind from one resource each, in the order of their newest point.",
        "type": "array",
        "items": {
          "$ref": "#/components/schemas/MetricSeries"
        }
      },
      "cursor": {
        "description": "There may be more.",
        "type": "string"
      }
    },
    "required": [
      "metrics"
    ]
  },
  "MetricSeries": {
    "type": "object",
    "properties": {
      "name": {
        "type": "string"
      },
      "kind": {
        "$ref": "#/components/schemas/MetricKind"
      },
      "unit": {
        "type": "string"
      },
      "description": {
        "type": "string"
      },
      "temporality": {
        "description": "Of sums and histograms.",
        "type": "string",
        "enum": [
          "unspecified",
          "delta",
          "cumulative"
        ]
      },
      "isMonotonic": {
        "description": "Of sums.",
        "type": "boolean"
      },
      "serviceName": {
        "type": "string"
      },
      "functionName": {
        "type": "string"
      },
      "resource": {
        "$ref": "#/components/schemas/Attributes"
      },
      "scope": {
        "type": "object",
        "properties": {
          "name": {
            "type": "string"
          },
          "version": {
            "type": "string"
          }
        },
        "required": [
          "name"
        ]
      },
      "points": {
        "description": "Newest first.",
        "type": "array",
        "items": {
          "$ref": "#/components/schemas/MetricPoint"
        }
      }
    },
    "required": [
      "name",
      "kind",
      "resource",
      "points"
    ]
  },
  "MetricNumber": {
    "anyOf": [
      {
        "type": "number"
      },
      {
        "type": "string"
      }
    ],
    "description": "A whole number past 2^53 is a decimal string, and a double that is no number its name."
  },
  "MetricPoint": {
    "description": "`value` of gauges and sums; `count`, `sum` and buckets of histograms; `count`, `sum` and `quantiles` of summaries.",
    "type": "object",
    "properties": {
      "timeUnixNano": {
        "$ref": "#/components/schemas/UnixNanoString"
      },
      "startTimeUnixNano": {
        "$ref": "#/components/schemas/UnixNanoString"
      },
      "attributes": {
        "$ref": "#/components/schemas/Attributes"
      },
      "isMissing": {
        "description": "The sender says that nothing was measured.",
        "type": "boolean"
      },
      "value": {
        "$ref": "#/components/schemas/MetricNumber"
      },
      "count": {
        "$ref": "#/components/schemas/MetricNumber"
      },
      "sum": {
        "$ref": "#/components/schemas/MetricNumber"
      },
      "min": {
        "$ref": "#/components/schemas/MetricNumber"
      },
      "max": {
        "$ref": "#/components/schemas/MetricNumber"
      },
      "explicitBounds": {
        "description": "Upper ends of all buckets but the last.",
        "type": "array",
        "items": {
          "$ref": "#/components/schemas/MetricNumber"
        }
      },
      "bucketCounts": {
        "type": "array",
        "items": {
          "$ref": "#/components/schemas/MetricNumber"
        }
      },
      "scale": {
        "description": "Bucket n of an exponential histogram ends at 2^(2^-scale · (offset + n + 1)).",
        "$ref": "#/components/schemas/Integer"
      },
      "zeroCount": {
        "$ref": "#/components/schemas/MetricNumber"
      },
      "zeroThreshold": {
        "$ref": "#/components/schemas/MetricNumber"
      },
      "positive": {
        "$ref": "#/components/schemas/MetricBuckets"
      },
      "negative": {
        "$ref": "#/components/schemas/MetricBuckets"
      },
      "quantiles": {
        "type": "array",
        "items": {
          "type": "object",
          "properties": {
            "quantile": {
              "$ref": "#/components/schemas/MetricNumber"
            },
            "value": {
              "$ref": "#/components/schemas/MetricNumber"
            }
          },
          "required": [
            "quantile",
            "value"
          ]
        }
      },
      "exemplars": {
        "type": "array",
        "items": {
          "$ref": "#/components/schemas/MetricExemplar"
        }
      }
    },
    "required": [
      "timeUnixNano",
      "attributes"
    ]
  },
  "MetricBuckets": {
    "type": "object",
    "properties": {
      "offset": {
        "$ref": "#/components/schemas/Integer"
      },
      "bucketCounts": {
        "type": "array",
        "items": {
          "$ref": "#/components/schemas/MetricNumber"
        }
      }
    },
    "required": [
      "offset",
      "bucketCounts"
    ]
  },
  "MetricExemplar": {
    "type": "object",
    "properties": {
      "timeUnixNano": {
        "$ref": "#/components/schemas/UnixNanoString"
      },
      "value": {
        "$ref": "#/components/schemas/MetricNumber"
      },
      "traceId": {
        "type": "string"
      },
      "spanId": {
        "type": "string"
      },
      "attributes": {
        "$ref": "#/components/schemas/Attributes"
      }
    },
    "required": [
      "timeUnixNano",
      "attributes"
    ]
  }
};
