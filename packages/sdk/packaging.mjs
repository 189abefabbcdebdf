/** What goes into the package beside the two bundles: the declarations that users can reach, and the licences of what is bundled. */
import { cpSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*["'](\.[^"']+)["']/g;

/** Declaration files that `file` reaches, itself first. */
const reachable = (file, seen = new Set()) => {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, source] of readFileSync(file, "utf8").matchAll(IMPORT))
    reachable(join(dirname(file), source.replace(/(\.d)?\.[jt]s$/, ".d.ts")), seen);
  return seen;
};

export const copyDeclarations = (from, to, entry) => {
  for (const file of reachable(join(from, entry))) cpSync(file, join(to, relative(from, file)));
};

/** `…/node_modules/pino/lib/tools.js` → `…/node_modules/pino`; undefined for our own files. */
const packageOf = (id) => /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(id)?.[0];

/** The text that goes with the modules of a bundle. A package without a licence file stops the build: it must not be shipped. */
export const thirdPartyNotices = (moduleIds) => {
  const folders = new Set(moduleIds.map(packageOf).filter((folder) => folder !== undefined));
  const byLicence = Map.groupBy(folders, licenceIn);
  return [
    "This package contains the following software, each under its own licence.",
    ...[...byLicence].map(([licence, under]) => `${under.map(titleOf).join("\n")}\n\n${licence}`),
  ]
    .join(`\n\n${"-".repeat(80)}\n\n`)
    .concat("\n");
};

const licenceIn = (folder) => {
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice)/i.test(file));
  if (files.length === 0) throw new Error(`${folder} is bundled and has no licence file`);
  return files.map((file) => readFileSync(join(folder, file), "utf8").trim()).join("\n\n");
};

const titleOf = (folder) => {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return `${name} ${version} (${license})`;
};
