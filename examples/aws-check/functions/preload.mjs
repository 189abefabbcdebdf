/** For NODE_OPTIONS=--import: the registration is there before the runtime starts. */
import { register } from "./extension.mjs";

globalThis.awsCheckRegistered = await register("aws-check-preload");
