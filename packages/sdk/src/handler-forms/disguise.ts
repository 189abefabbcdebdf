/** By the same name in every copy of this package. */
const OBSERVED = Symbol.for("mayfly.observed");

export const isObserved = (handler: object): boolean => Object.hasOwn(handler, OBSERVED);

/** Name, length and own symbols of the original, so that whoever looks at the handler sees the handler. */
export const disguised = <F extends object>(observed: F, handler: object): F => {
  for (const key of Reflect.ownKeys(handler)) {
    const property = Object.getOwnPropertyDescriptor(handler, key);
    if (property && key !== "prototype" && key !== "arguments" && key !== "caller")
      Object.defineProperty(observed, key, property);
  }
  return Object.defineProperty(observed, OBSERVED, { value: true });
};
