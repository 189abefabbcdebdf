/**
 * The mark on the context of a call that has its span already and sets its own headers: the requests beneath it, retries
 * included, need neither from anybody else.
 *
 * Such a call goes by its own middleware for its headers because that reaches further than a look at its request: HTTP/2 tells of
 * a stream whose headers are encoded by then (seen on Node.js 22.23 and 24.21), and with `Expect: 100-continue` they are written out.
 */
import { type Context, createContextKey } from "@opentelemetry/api";

// By name, so that several copies of this package in one process know each other's.
const COVERED = createContextKey("mayfly.covered");

export const covered = (context: Context): Context => context.setValue(COVERED, true);

export const isCovered = (context: Context): boolean => context.getValue(COVERED) === true;
