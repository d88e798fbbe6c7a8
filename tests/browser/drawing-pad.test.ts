import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { digitModel, type RunningService, startService } from "../support/running-service.ts";
import { browserPath, desktop, launchBrowser, openPlayground, phone } from "./support/browser.ts";

const reason = browserPath === undefined ? " (skipped: no Chromium; PAWPRINT_TEST_BROWSER names one)" : "";

describe.skipIf(browserPath === undefined)(`the drawing pad${reason}`, () => {
  let browser: Browser;
  let service: RunningService;
  beforeAll(async () => {
    [browser, service] = await Promise.all([launchBrowser(), startService(digitModel)]);
  });
  afterAll(async () => {
    await browser?.close();
    await service?.close();
  });

  it.each([
    ["a desktop", desktop],
    ["a telephone", phone],
  ])("answers a drawing after each stroke on %s, and lists it once", async (_name, options) => {
    const { page, faults } = await openPlayground(browser, service.origin, options);
    await stroke(page, [0.2, 0.1], [0.2, 0.4]);
    await page.locator(".verdict").waitFor();
    expect(await page.locator(".bars .name").allTextContents()).toHaveLength(10);
    const first = await page.locator("#answer .id").textContent();
    await stroke(page, [0.1, 0.25], [0.3, 0.25]);
    await expect.poll(() => page.locator("#answer .id").textContent()).not.toBe(first);
    expect(await page.locator("#history-list li").count()).toBe(1);
    await page.getByRole("button", { name: "Clear" }).first().click();
    expect(await page.locator("#pad-hint").isVisible()).toBe(true);
    await stroke(page, [0.5, 0.2], [0.5, 0.8]);
    await expect.poll(() => page.locator("#history-list li").count()).toBe(2);
    expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBe(0);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it("sends white strokes on black, in the middle and as large as handwritten digits are", async () => {
    const { page } = await openPlayground(browser, service.origin);
    // Small, and in a corner of the pad.
    await stroke(page, [0.1, 0.1], [0.1, 0.3]);
    await page.locator("#history-list img").waitFor();
    const { data, ...info } = await brightness(page, "#history-list img");
    const rows = Array.from({ length: info.height }, (_, y) => data.slice(y * info.width, (y + 1) * info.width));
    const inked = rows.flatMap((row, y) => (row.some((value) => value > 128) ? [y] : []));
    const middle = rows[Math.round(info.height / 2)]!;
    expect(data[0]).toBe(0);
    expect(middle[Math.round(info.width / 2)]).toBe(255);
    expect(inked.length / info.height).toBeCloseTo(20 / 28, 1);
    expect((inked[0]! + inked.at(-1)!) / 2 / info.height).toBeCloseTo(0.5, 1);
    await page.context().close();
  });

  it("gives way to a picture file, and comes back by its tab", async () => {
    const { page } = await openPlayground(browser, service.origin);
    expect(await page.locator("#pad").isVisible()).toBe(true);
    expect(await page.locator("#choose").isVisible()).toBe(false);
    await page.click("#sample-list button");
    await page.locator(".verdict").waitFor();
    expect(await page.locator("#pad").isVisible()).toBe(false);
    await page.getByRole("tab", { name: "Picture" }).press("ArrowLeft");
    expect(await page.locator("#pad").isVisible()).toBe(true);
    await page.context().close();
  });
});

/**
 * The picture that was sent, as the list of last predictions shows it: its red channel, row by row.
 */
function brightness(page: Page, selector: string): Promise<{ width: number; height: number; data: number[] }> {
  return page.evaluate(`(async (image) => {
    await image.decode();
    const { naturalWidth: width, naturalHeight: height } = image;
    const context = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
    context.drawImage(image, 0, 0);
    const data = [...context.getImageData(0, 0, width, height).data].filter((_, index) => index % 4 === 0);
    return { width, height, data };
  })(document.querySelector(${JSON.stringify(selector)}))`);
}

/** From one place of the pad to another, as shares of its sides. */
async function stroke(page: Page, from: readonly [number, number], to: readonly [number, number]): Promise<void> {
  const box = (await page.locator("#pad").boundingBox())!;
  const at = ([x, y]: readonly [number, number]): [number, number] => [box.x + x * box.width, box.y + y * box.height];
  await page.mouse.move(...at(from));
  await page.mouse.down();
  await page.mouse.move(...at(to), { steps: 4 });
  await page.mouse.up();
}
