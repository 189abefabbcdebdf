/** `require` as the runtime's own file has it: what it cannot find is reported with that file in its stack. */
export const runtimeRequire = (): NodeJS.Require =>
  process.getBuiltinModule("node:module").createRequire(process.argv[1] ?? import.meta.url);
