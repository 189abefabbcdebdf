/**
 * The mark on the context of a call that has its span already and sets its own headers: the requests beneath it, retries
 * included, need neither from anybody else.
 */
import { type Context, createContextKey } from "@opentelemetry/api";

// By name, so that several copies of this package in one process know each other's.
const COVERED = createContextKey("mayfly.covered");

export const covered = (context: Context): Context => context.setValue(COVERED, true);

export const isCovered = (context: Context): boolean => context.getValue(COVERED) === true;
