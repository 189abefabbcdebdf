/** Behind preload.mjs. */
exports.handler = async () => globalThis.awsCheckRegistered ?? { status: 0, text: "preload.mjs did not run" };
