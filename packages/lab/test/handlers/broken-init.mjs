/** Never gets as far as a handler. */
import { createRequire } from "node:module";

if (process.env.HOW === "exit") process.exit(7);
if (process.env.REQUIRE) createRequire(import.meta.url)(process.env.REQUIRE);
if (process.env.IMPORT) await import(process.env.IMPORT);
throw Object.assign(new Error("no configuration"), { name: "ConfigurationError" });
