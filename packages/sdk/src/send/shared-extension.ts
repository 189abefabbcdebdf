/** The extension that the preload (after-response.ts) has registered, as the SDK finds it. */
import { warn } from "../diag.ts";
import { EXTENSION_KEY, type Extension, type SharedExtension } from "./extension.ts";

const shared = globalThis as SharedExtension;

/** undefined: what is sent has to go before the response. */
export const registeredExtension = (): Extension | undefined => {
  const extension = shared[EXTENSION_KEY];
  if (extension?.state === "refused") warn(`after-response: ${extension.reason}; sending before the response`);
  return extension?.state === "registered" ? extension : undefined;
};

export const isExtensionRefused = (): boolean => shared[EXTENSION_KEY]?.state === "refused";
