/**
 * Tells which source files change in some folders, once things have been quiet for a moment.
 *
 * Every folder is watched by itself, because a recursive fs.watch also follows node_modules, which can be most of a disk, and on Linux
 * walks it first. A folder that is removed and made again, as compilers do with their output, is followed again: its parent tells.
 */
import { type FSWatcher, readdirSync, statSync, watch } from "node:fs";
import { basename, dirname, join, sep } from "node:path";

export interface Folders {
  /** With all below them but node_modules and names with a dot in front. */
  readonly deep: readonly string[];
  /** By themselves. */
  readonly shallow: readonly string[];
}

export interface Watcher {
  /** In place of what was followed so far. */
  follow(folders: Folders): void;
  close(): void;
}

export interface WatchDeps {
  readonly onChange: (paths: ReadonlySet<string>) => void;
  /** Say, the system has no watches left. */
  readonly onError: (problem: string) => void;
  /** Where the tool itself writes. */
  readonly leftOut: readonly string[];
}

/** An editor writes a file in several steps, a compiler several files. */
export const QUIET_MS = 80;
/** A handler may write beside itself; what it writes is seldom code. */
const SOURCE = /\.([cm]?[jt]sx?|json|node|wasm)$/;

export const createWatcher = ({ onChange, onError, leftOut }: WatchDeps): Watcher => {
  const watchers = new Map<string, FSWatcher>();
  let roots: readonly string[] = [];
  let shallow: ReadonlySet<string> = new Set();
  const changes = gathered(onChange);

  const isBelowRoot = (path: string): boolean => roots.some((root) => path === root || path.startsWith(root + sep));
  const isFollowed = (path: string): boolean => isBelowRoot(path) || shallow.has(dirname(path));
  const isLeftOut = (folder: string): boolean =>
    basename(folder) === "node_modules" || basename(folder).startsWith(".") || leftOut.includes(folder);

  const open = (folder: string): void => {
    if (watchers.has(folder)) return;
    try {
      const watcher = watch(folder, (event, name) => name !== null && changed(join(folder, name), event));
      watcher.on("error", () => end(folder));
      watchers.set(folder, watcher);
    } catch (error) {
      if (isFolder(folder))
        onError(`${folder} is not watched: ${error instanceof Error ? error.message : String(error)}`);
    }
  };

  const end = (folder: string): void => {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  };

  const changed = (path: string, event: string): void => {
    if (!isFollowed(path)) return;
    if (event === "rename") {
      for (const one of watchers.keys()) if (one === path || one.startsWith(path + sep)) end(one); // dead, or of another folder
      if (isBelowRoot(path) && !isLeftOut(path)) openDeep(path, note);
    }
    note(path);
  };

  const note = (path: string): void => {
    if (SOURCE.test(path) && !leftOut.includes(dirname(path))) changes.add(path);
  };

  const openDeep = (folder: string, onFile: (path: string) => void): void => {
    if (!isFolder(folder)) return;
    open(folder);
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (!entry.isDirectory()) onFile(path);
      else if (!isLeftOut(path)) openDeep(path, onFile);
    }
  };

  return {
    follow(folders) {
      roots = [...new Set(folders.deep)];
      shallow = new Set(folders.shallow.filter((folder) => !isBelowRoot(folder)));
      const parents = roots.map((root) => dirname(root));
      for (const folder of watchers.keys())
        if (!isBelowRoot(folder) && !shallow.has(folder) && !parents.includes(folder)) end(folder);
      for (const root of roots) openDeep(root, () => undefined);
      for (const folder of [...parents, ...shallow]) open(folder);
    },
    close() {
      changes.drop();
      for (const folder of watchers.keys()) end(folder);
    },
  };
};

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

export interface Gathered {
  add(path: string): void;
  drop(): void;
}

/** One call for all that came, QUIET_MS after the last one. */
export const gathered = (tell: (paths: ReadonlySet<string>) => void): Gathered => {
  let paths = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  return {
    add(path) {
      paths.add(path);
      clearTimeout(timer);
      timer = setTimeout(() => {
        const all = paths;
        paths = new Set();
        tell(all);
      }, QUIET_MS);
    },
    drop: () => clearTimeout(timer),
  };
};
