/**
 * A real Chromium for tests and pictures: the one on this machine, driven by playwright-core, which brings none.
 *
 * Found by MAYFLY_CHROMIUM (a path), else on PATH under the names that Debian and others give it; scripts/test-setup.mjs installs
 * Debian's where it may.
 */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, type Page, chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

export const chromiumPath = (): string | undefined => {
  const { MAYFLY_CHROMIUM, PATH = "" } = process.env;
  const onPath = PATH.split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [MAYFLY_CHROMIUM ?? [], onPath].flat().find((file) => existsSync(file));
};

/** Errors  says how to get one, when there is none. */
export const launchChromium = (): Promise<Browser> => {
  const executablePath = chromiumPath();
  if (executablePath === undefined)
    throw new Error("no Chromium on PATH: install Debian's package chromium, or name a browser in MAYFLY_CHROMIUM");
  // Root, as in a container, has no sandbox to give; the pages are our own.
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
};

export interface PageLook {
  readonly width?: number;
  readonly height?: number;
  readonly theme?: "light" | "dark";
  /** Device pixels per pixel. */
  readonly scale?: number;
}

/** A page in a context of its own, without motion, that counts as a fault whatever it complains about. */
export const openPage = async (
  browser: Browser,
  { width = 1440, height = 900, theme = "light", scale = 1 }: PageLook = {},
): Promise<{ readonly page: Page; readonly complaints: string[] }> => {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    deviceScaleFactor: scale,
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => void (message.type() === "error" && complaints.push(message.text())));
  return { page, complaints };
};
