/** Every page on a telephone, 390 pixels wide, with names that are longer than that. */
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommand } from "../../src/cli/frame/run-command.ts";
import { drawSamplePicture } from "../../src/image/sample-pictures.ts";
import { captureContext } from "../support/captured-context.ts";
import { writePictureFolder } from "../support/picture-folder.ts";
import { petModel, type RunningService, startService } from "../support/running-service.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { browserPath, launchBrowser, openPlayground, phone } from "./support/browser.ts";

const reason = browserPath === undefined ? " (skipped: no Chromium; PAWPRINT_TEST_BROWSER names one)" : "";
const narrow = { ...phone, viewport: { width: 390, height: 844 } };
const longNames = [
  "a class whose name is as long as names of plants or of screws are",
  "Zwergschnauzer-Weibchen-im-Schnee",
];

/** How far the page is wider than the window; what sticks out, by tag and class. */
async function overflowOf(page: Page): Promise<readonly unknown[]> {
  return page.evaluate(`(() => {
    const wider = document.documentElement.scrollWidth - innerWidth;
    if (wider <= 0 && innerWidth === 390) return [];
    const out = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > 391);
    return [innerWidth, wider, ...out.slice(0, 5).map((e) => e.tagName + "." + e.className)];
  })()`);
}

/** Words that stand on more than one line, what can be typed excepted. */
async function brokenWords(page: Page, selector: string): Promise<unknown> {
  return page.evaluate(`((root) => {
    const broken = [];
    let words = 0;
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      if (node.parentElement.closest("textarea, option, script")) continue;
      for (const { 0: word, index } of node.data.matchAll(/\\w+/g)) {
        const range = document.createRange();
        range.setStart(node, index);
        range.setEnd(node, index + word.length);
        words++;
        if (new Set([...range.getClientRects()].map(({ top }) => top)).size > 1) broken.push(word);
      }
    }
    return { words, broken };
  })(document.querySelector(${JSON.stringify(selector)}))`);
}

describe.skipIf(browserPath === undefined)(`pages on a telephone${reason}`, () => {
  const cwd = temporaryFolder();
  let browser: Browser;
  let service: RunningService;

  async function run(...line: readonly string[]): Promise<void> {
    const { context, err } = captureContext({ cwd });
    expect(await runCommand([...line], context), err()).toBe(0);
  }

  beforeAll(async () => {
    [browser, service] = await Promise.all([launchBrowser(), startService({ ...petModel, labels: longNames })]);
    await writePictureFolder(join(cwd, "pictures"), { labels: ["blue", "red"] });
    await rename(join(cwd, "pictures", "blue"), join(cwd, "pictures", longNames[0]!));
    await rename(join(cwd, "pictures", "red"), join(cwd, "pictures", longNames[1]!));
    const quick = "--size 8 --widths 8 --epochs 2 --batch-size 8 --threads 1 --out m.onnx --report training.html";
    await run("train", "--data", "pictures", ...quick.split(" "));
    await run("evaluate", "m.onnx", "--data", "pictures", "--no-latency", "--report", "evaluation.html");
    await run("data", "check", "pictures", "--report", "check.html");
  });
  afterAll(async () => {
    await browser?.close();
    await service?.close();
  });

  it.each(["training.html", "evaluation.html", "check.html"])("%s is no wider than the window", async (name) => {
    const context = await browser.newContext(narrow);
    const page = await context.newPage();
    await page.goto(pathToFileURL(join(cwd, name)).href);
    expect(await overflowOf(page)).toEqual([]);
    await context.close();
  });

  it("leads from a cell of the confusion matrix to its pictures, without a script", async () => {
    const context = await browser.newContext({ ...narrow, javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(pathToFileURL(join(cwd, "evaluation.html")).href);
    await page.locator("#confusion td a").first().click();
    expect(page.url()).toMatch(/#cell-\d-\d$/);
    const box = await page.locator(".cell:target .picture").first().boundingBox();
    expect(box!.y).toBeGreaterThanOrEqual(0);
    expect(box!.y).toBeLessThan(narrow.viewport.height);
    await context.close();
  });

  it("shows the documentation as wide as the window, breaks no word, and lets code scroll", async () => {
    const context = await browser.newContext(narrow);
    const page = await context.newPage();
    await page.goto(`${service.origin}/docs`);
    await page.locator(".opblock").first().waitFor();
    expect(await overflowOf(page)).toEqual([]);
    await page.getByText("/predict", { exact: true }).first().click();
    await page.locator(".opblock.is-open .responses-table").waitFor();
    expect(await overflowOf(page)).toEqual([]);
    const broken = await brokenWords(page, ".opblock.is-open");
    expect(broken).toEqual({ words: expect.any(Number), broken: [] });
    expect((broken as { words: number }).words).toBeGreaterThan(100);
    await context.close();
  });

  it("keeps the playground's choice of a class within the window, whatever the classes are called", async () => {
    const { page, faults } = await openPlayground(browser, service.origin, narrow);
    expect(await overflowOf(page)).toEqual([]);
    const buffer = Buffer.from(await drawSamplePicture({ label: "dog", seed: 40, sizePx: 96 }));
    await page.setInputFiles("#file", { name: "dog.jpg", mimeType: "image/jpeg", buffer });
    await page.locator(".verdict").waitFor();
    await page.getByRole("button", { name: "Heat map", exact: true }).click();
    await page.locator("#heat-figure img").waitFor();
    for (const label of longNames) {
      await page.selectOption("#heat-class", label);
      await page.locator("#heat-figure .subject").filter({ hasText: label }).waitFor();
      expect(await overflowOf(page)).toEqual([]);
      const card = (await page.locator("#input").boundingBox())!;
      const chooser = (await page.locator("#heat-class").boundingBox())!;
      expect(chooser.x + chooser.width).toBeLessThanOrEqual(card.x + card.width);
    }
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
