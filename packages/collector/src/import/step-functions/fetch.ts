/**
 * Executions and their histories, through Step Functions' API, page by page.
 *
 * Errors  AwsError. An execution that is gone (its history is kept for 90 days), or of a kind without a history, is undefined.
 * Source  AWS Step Functions API reference, ListExecutions, DescribeExecution, GetExecutionHistory.
 */
import {
  DescribeExecutionCommand,
  type DescribeExecutionOutput,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  ListExecutionsCommand,
  type SFNClient,
} from "@aws-sdk/client-sfn";
import { patiently, type Wait } from "../../aws.ts";

export interface ListedExecution {
  readonly arn: string;
  readonly startedAt: Date | undefined;
  /** When it ended, as a number that changes with a redrive; undefined while it runs. */
  readonly revision: number | undefined;
}

export interface ExecutionHistory {
  readonly described: DescribeExecutionOutput;
  readonly events: readonly HistoryEvent[];
}

const PAGE = 1000;

/** Express workflows keep no history: what they did goes to CloudWatch Logs alone. */
export const isExpress = (arn: string): boolean => /^arn:[^:]*:states:[^:]*:[^:]*:express:/.test(arn);

export type Owner = { readonly stateMachineArn: string } | { readonly mapRunArn: string };

export const createStepFunctionsSource = (client: Pick<SFNClient, "send">, wait?: Wait) => ({
  /** Newest first, as Step Functions lists them. */
  async *executions(owner: Owner): AsyncGenerator<ListedExecution> {
    let nextToken: string | undefined;
    do {
      const asked = new ListExecutionsCommand({
        ...owner,
        maxResults: PAGE,
        ...(nextToken !== undefined && { nextToken }),
      });
      const page = await patiently("ListExecutions", () => client.send(asked), wait);
      for (const { executionArn, startDate, stopDate } of page.executions ?? [])
        if (executionArn !== undefined)
          yield { arn: executionArn, startedAt: startDate, revision: stopDate?.getTime() };
      nextToken = page.nextToken || undefined;
    } while (nextToken !== undefined);
  },

  async history(executionArn: string): Promise<ExecutionHistory | undefined> {
    const described = await patiently(
      "DescribeExecution",
      () => client.send(new DescribeExecutionCommand({ executionArn })).catch(undefinedWhenGone),
      wait,
    );
    if (described === undefined) return undefined;
    const events: HistoryEvent[] = [];
    let nextToken: string | undefined;
    do {
      const asked = new GetExecutionHistoryCommand({
        executionArn,
        maxResults: PAGE,
        includeExecutionData: true,
        ...(nextToken !== undefined && { nextToken }),
      });
      const page = await patiently("GetExecutionHistory", () => client.send(asked).catch(undefinedWhenGone), wait);
      if (page === undefined) return undefined;
      for (const event of page.events ?? []) events.push(event);
      nextToken = page.nextToken || undefined;
    } while (nextToken !== undefined);
    return { described, events };
  },
});

const undefinedWhenGone = (error: unknown): undefined => {
  if (error instanceof Error && error.name === "ExecutionDoesNotExist") return;
  throw error;
};
