/** Never gets as far as a handler. */
if (process.env.HOW === "exit") process.exit(7);
if (process.env.IMPORT) await import(process.env.IMPORT);
throw Object.assign(new Error("no configuration"), { name: "ConfigurationError" });
