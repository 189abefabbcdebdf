/** What compiles aws-lambda-ric, AWS's runtime client: per Debian package a program of it. Plain JS, because boot.mjs reads it. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

export const COMPILER = {
  cmake: "cmake",
  "g++": "g++",
  make: "make",
  autoconf: "autoconf",
  automake: "automake",
  libtool: "libtoolize",
  "xz-utils": "xz",
  python3: "python3",
};

export const isOnPath = (name) =>
  (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, name)));
