/** A CommonJS function; observed where OBSERVED is set. */
const { observe } = process.env.OBSERVED ? require("../../src/index.ts") : { observe: (handler) => handler };

exports.commonJs = observe(async ({ how }) => {
  if (how === "error") throw new RangeError("too far");
  return how;
});
