import { expect, test } from "vitest";
import { patiently } from "./aws.ts";

test.each([
  ["Region is missing", "; name one with --region or AWS_REGION"],
  [
    "Could not load credentials from any providers",
    "; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
  ],
  ["The filter is wrong", ""],
])(
  "what the AWS SDK refuses with '%s' is told with what to do, where it does not say that itself",
  async (why, mend) => {
    const call = patiently("GetTraceSummaries", () => Promise.reject(new Error(why)));
    await expect(call).rejects.toThrow(
      expect.objectContaining({ code: "aws-failed", message: `GetTraceSummaries failed: Error: ${why}${mend}` }),
    );
  },
);
