/** Where the bundler plugin's snippet leaves each Smithy `Client` class of a bundle, and where the SDK looks for them. */
export const BUNDLED_CLIENTS: unique symbol = Symbol.for("mayfly.smithy-clients.v1") as never;
