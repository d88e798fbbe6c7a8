/** A real Chromium, and pages that remember everything that went wrong in them. */
import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Where a Chromium is installed; undefined where there is none. */
export const browserPath = [process.env.PAWPRINT_TEST_BROWSER, ...places].find(
  (path) => path !== undefined && existsSync(path),
);

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    ...(browserPath !== undefined && { executablePath: browserPath }),
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      // A camera with a drawn picture, allowed without asking.
      "--use-fake-device-for-media-stream",
      "--use-fake-ui-for-media-stream",
    ],
  });
}

export interface WatchedPage {
  readonly page: Page;
  /**
   * Errors and warnings of the console, uncaught errors, breaches of the content security policy,
   * and requests to another host.
   */
  readonly faults: readonly string[];
}

export const desktop: BrowserContextOptions = { viewport: { width: 1280, height: 860 }, reducedMotion: "reduce" };
export const phone: BrowserContextOptions = {
  viewport: { width: 360, height: 740 },
  isMobile: true,
  hasTouch: true,
  deviceScaleFactor: 2,
  reducedMotion: "reduce",
};

/**
 * The playground in a context of its own, once it knows its model. `page.context().close()` ends
 * it.
 */
export async function openPlayground(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions = desktop,
): Promise<WatchedPage> {
  const context = await browser.newContext(options);
  // Shorter than a test's own limit, so that what was waited for is named.
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const faults: string[] = [];
  await page.addInitScript(`addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
    console.error("policy", violatedDirective, blockedURI));`);
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !/^(blob|data):/.test(url)) faults.push(`request to ${url}`);
  });
  await page.goto(origin);
  await page.locator("#model .facts").waitFor();
  return { page, faults };
}

/** A file as a person drops or pastes it. */
export interface CarriedFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** Drags a file over the page and lets it go, or pastes it. */
export async function bringFile(page: Page, how: "drop" | "paste", file: CarriedFile): Promise<void> {
  const parts = [file.buffer.toString("base64"), file.name, file.mimeType].map((part) => JSON.stringify(part));
  await page.evaluate(`((base64, name, type) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name, { type }));
    const options = { bubbles: true, cancelable: true, dataTransfer: transfer, clipboardData: transfer };
    if ("${how}" === "paste") document.body.dispatchEvent(new ClipboardEvent("paste", options));
    else for (const kind of ["dragenter", "dragover", "drop"]) document.body.dispatchEvent(new DragEvent(kind, options));
  })(${parts.join(", ")})`);
}
