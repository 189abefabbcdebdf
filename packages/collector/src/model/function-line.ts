/**
 * One line about a function: what it printed itself, or what Lambda says about it. From the Telemetry API, or from a log
 * group, as text or JSON: here they are alike.
 */
import type { PlainValue } from "@mayfly/otlp";
import type { FunctionIdentity } from "./function-identity.ts";
import type { PlatformFacts } from "./platform-facts.ts";
import type { UnixNano } from "./time.ts";

/** What Lambda's trace header says. */
export interface XrayTrace {
  /** 32 lower-case hex digits, as W3C writes it. */
  readonly traceId: string;
  /** The sender's segment, 16 lower-case hex digits. */
  readonly parentId?: string;
  /** Lambda's own segment for the function, which callees of it see as their parent. */
  readonly segmentId?: string;
  readonly isSampled?: boolean;
}

/** `fault`: a line that says why it ended, without numbers. */
export type Stage = "start" | "fault" | "done" | "report";

/** What one line says of one invocation. */
export interface PlatformWord {
  readonly requestId: string;
  readonly stage: Stage;
  readonly time: UnixNano;
  readonly facts: PlatformFacts;
  readonly trace?: XrayTrace;
}

export interface FunctionLine {
  readonly time: UnixNano;
  /** As the Telemetry API names it: `function`, `extension`, `platform.report` … */
  readonly type: string;
  /** As it arrived. */
  readonly body: PlainValue;
  /** CloudWatch's id of the line. */
  readonly id?: string;
  /** Of the invocation that a platform's line names. */
  readonly requestId?: string;
  readonly word?: PlatformWord;
  /** What the line tells about where it comes from. */
  readonly identity?: FunctionIdentity;
}
