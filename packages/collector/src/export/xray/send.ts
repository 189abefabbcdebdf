/**
 * Segment documents → PutTraceSegments, fifty a call.
 *
 * X-Ray answers 200 and names those that it did not take. What it was too busy for is sent again, a few times; what it finds
 * wrong is not: it would be wrong again.
 *
 * Errors  AwsError when the call itself fails.
 */
import { setTimeout as delay } from "node:timers/promises";
import { PutTraceSegmentsCommand, type UnprocessedTraceSegment, type XRayClient } from "@aws-sdk/client-xray";
import { patiently, type Wait } from "../../aws.ts";
import type { SegmentDocument } from "./segment.ts";

const DOCUMENTS_A_CALL = 50;
const MAX_ROUNDS = 4;
const ROUND_MS = 1000;

const BUSY = /thrott|internal|unavailable|timeout|limit/i;

export interface Refused {
  readonly id: string;
  readonly code: string;
  readonly message: string;
}

export interface SegmentSender {
  add(document: SegmentDocument): Promise<void>;
  flush(): Promise<void>;
  readonly sent: number;
}

export const createSegmentSender = (
  client: Pick<XRayClient, "send">,
  onRefused: (refused: Refused) => void,
  wait: Wait = delay,
): SegmentSender => {
  let waiting: SegmentDocument[] = [];
  let sent = 0;

  const put = async (documents: readonly SegmentDocument[]): Promise<readonly UnprocessedTraceSegment[]> => {
    const asked = new PutTraceSegmentsCommand({ TraceSegmentDocuments: documents.map(({ text }) => text) });
    const answer = await patiently("PutTraceSegments", () => client.send(asked), wait);
    return answer.UnprocessedTraceSegments ?? [];
  };

  const flush = async (): Promise<void> => {
    let documents: readonly SegmentDocument[] = waiting;
    waiting = [];
    for (let round = 1; documents.length > 0; round += 1) {
      const unprocessed = await put(documents);
      const again = new Set<string>();
      for (const { Id = "?", ErrorCode = "", Message = "" } of unprocessed) {
        if (BUSY.test(ErrorCode) && round < MAX_ROUNDS && documents.some(({ id }) => id === Id)) again.add(Id);
        else onRefused({ id: Id, code: ErrorCode || "no code", message: Message });
      }
      sent += documents.length - unprocessed.length;
      documents = documents.filter(({ id }) => again.has(id));
      if (documents.length > 0) await wait(round * ROUND_MS);
    }
  };

  return {
    flush,
    async add(document) {
      waiting.push(document);
      if (waiting.length === DOCUMENTS_A_CALL) await flush();
    },
    get sent() {
      return sent;
    },
  };
};
