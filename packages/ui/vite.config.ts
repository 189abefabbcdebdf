import { defineConfig } from "vite";

/**
 * JSX is compiled by oxc alone, without a plugin. Nothing is inlined into HTML or CSS: the collector's policy allows
 * scripts and styles from its own origin only.
 *
 * `vite` (development) passes the API on to a running collector.
 */
export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: { target: "es2024", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { "/api": "http://127.0.0.1:4318" } },
});
