/**
 * Query builders (knex, drizzle, Prisma) are thenables and no promises: they begin to work when somebody awaits them, and each
 * `then` runs them anew. So `then` is never called here: it is replaced, for its first call, by one that also tells when it has
 * settled, and works in the given context. The object stays the very same, its type and private parts too.
 */
import { type Context, context } from "@opentelemetry/api";

type Then = (this: unknown, onFulfilled?: unknown, onRejected?: unknown) => unknown;

interface Thenable {
  then: Then;
}

export interface Settled {
  fulfilled(): void;
  rejected(error: unknown): void;
}

export const isThenable = (value: unknown): value is Thenable =>
  (typeof value === "object" || typeof value === "function") &&
  value !== null &&
  typeof (value as Partial<Thenable>).then === "function";

/** Throws for an object that cannot be changed; it is untouched then. */
export const watchFirstThen = (thenable: Thenable, inside: Context, settled: Settled): void => {
  const { then } = thenable;
  const own = Object.getOwnPropertyDescriptor(thenable, "then");
  const define = (property: PropertyDescriptor): unknown =>
    // oxlint-disable-next-line unicorn/no-thenable -- it is one already
    Object.defineProperty(thenable, "then", property);
  const restore = (): unknown => (own ? define(own) : delete (thenable as Partial<Thenable>).then);
  const first: Then = function (onFulfilled, onRejected) {
    restore();
    const outside = context.active();
    const back = (callback: unknown, value: unknown, otherwise: () => unknown): unknown =>
      typeof callback === "function" ? context.with(outside, () => callback(value) as unknown) : otherwise();
    return context.with(inside, () =>
      then.call(
        this,
        (value: unknown) => {
          settled.fulfilled();
          return back(onFulfilled, value, () => value);
        },
        (error: unknown) => {
          settled.rejected(error);
          return back(onRejected, error, () => {
            throw error;
          });
        },
      ),
    );
  };
  define({ value: first, configurable: true, writable: true, enumerable: own?.enumerable ?? false });
};
