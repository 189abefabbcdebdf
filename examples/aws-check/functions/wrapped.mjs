/** The handler that wrapper.sh names; the function is configured with another. */
export const handler = async () => ({
  isWrapped: true,
  runtimeFile: process.argv[1] ?? null,
  nodePath: process.env.NODE_PATH ?? null,
});
