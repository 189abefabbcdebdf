/** CommonJS cannot wait: the registration is under way while the runtime asks for its first invocation. */
const registered = import("./extension.mjs").then(({ register }) => register("aws-check-require"));

exports.handler = async () => registered.catch((error) => ({ status: 0, text: String(error) }));
