/** SHA-256 over what a delivery brought: equal for a retry, and for nothing else. */
import { createHash } from "node:crypto";

export const deliveryDigest = (parts: readonly (string | Uint8Array)[]): Uint8Array => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length} `).update(part);
  return hash.digest();
};
