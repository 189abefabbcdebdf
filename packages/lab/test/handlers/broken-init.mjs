/** Never gets as far as a handler. */
if (process.env.HOW === "exit") process.exit(7);
if (process.env.HOW === "import") await import("there-is-no-such-package");
throw Object.assign(new Error("no configuration"), { name: "ConfigurationError" });
