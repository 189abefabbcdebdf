/**
 * Holds the documentation against the tree: every relative link and picture must exist, every `#anchor` must be a
 * heading of its page, every `npm run x` must be a script, every page below docs/ must be reachable from README.md, the
 * pages made from tables in the code must be as the tables are, every promise of docs/do-no-harm.md names a test that exists, and every
 * hop of docs/guides/triggers-and-hops.md the checks that it rests on.
 *
 *   node scripts/check-docs.mjs
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { CHECKS } from "../examples/aws-check/checks.ts";
import { referencePages } from "./reference-pages.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const pages = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((page) => page !== "" && existsSync(join(root, page)));
const scripts = Object.keys(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts);

const withoutCode = (text) => text.replace(/```[\s\S]*?```/g, "").replace(/`[^`\n]*`/g, "");
const slug = (heading) =>
  heading
    .toLowerCase()
    .replace(/[`*_]/g, "")
    .replace(/[^\p{L}\p{N} -]/gu, "")
    .trim()
    .replace(/ /g, "-");
const anchorsOf = (page) =>
  [...readFileSync(join(root, page), "utf8").matchAll(/^#+ (.+)$/gm)].map((match) => slug(match[1]));

const faults = [];
const linked = new Map();
for (const page of pages) {
  const text = readFileSync(join(root, page), "utf8");
  linked.set(page, []);
  for (const [, target] of withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) continue;
    const [path, anchor] = target.split("#");
    const file = path === "" ? page : normalize(join(dirname(page), path));
    if (!existsSync(join(root, file))) faults.push(`${page}: ${target} does not exist`);
    else if (anchor && file.endsWith(".md") && !anchorsOf(file).includes(anchor))
      faults.push(`${page}: ${file} has no heading #${anchor}`);
    else linked.get(page).push(statSync(join(root, file)).isDirectory() ? join(file, "README.md") : file);
  }
  for (const [, script] of text.matchAll(/npm run ([a-z:-]+)/g)) {
    if (!scripts.includes(script)) faults.push(`${page}: package.json has no script ${JSON.stringify(script)}`);
  }
}

const reached = new Set();
const reach = (page) => {
  if (reached.has(page)) return;
  reached.add(page);
  for (const next of linked.get(page) ?? []) reach(next);
};
reach("README.md");
for (const page of pages) {
  if (page.startsWith("docs/") && !reached.has(page)) faults.push(`${page}: no link from README.md leads here`);
}

for (const [page, text] of Object.entries(referencePages())) {
  if (!existsSync(join(root, page)) || readFileSync(join(root, page), "utf8") !== text)
    faults.push(`${page}: is not as the code's tables are; run node scripts/reference-pages.mjs`);
}

const promises = readFileSync(join(root, "docs/do-no-harm.md"), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| |"));
for (const line of promises) {
  const [, claim, file, title] = /^\| (.+?) +\| \[[^\]]+\]\(\.\.\/([^)]+\.test\.ts)\): "(.+)" +\|$/.exec(line) ?? [];
  if (title === undefined) faults.push(`docs/do-no-harm.md: names no test: ${line}`);
  else if (existsSync(join(root, file)) && !readFileSync(join(root, file), "utf8").includes(title))
    faults.push(`docs/do-no-harm.md: "${claim}": ${file} has no test ${JSON.stringify(title)}`);
}

/** The last column of the hops. */
const HOP = /^\|(?:[^|]*\|){5}([^|]*)\|$/;
for (const line of readFileSync(join(root, "docs/guides/triggers-and-hops.md"), "utf8").split("\n")) {
  for (const [, name] of (HOP.exec(line)?.[1] ?? "").matchAll(/`([^`]+)`/g))
    if (!Object.hasOwn(CHECKS, name)) faults.push(`docs/guides/triggers-and-hops.md: there is no check ${name}`);
}

for (const fault of faults) console.error(`docs: ${fault}`);
if (faults.length === 0) console.log(`docs: ${pages.length} pages, every link leads somewhere`);
process.exitCode = faults.length === 0 ? 0 : 1;
