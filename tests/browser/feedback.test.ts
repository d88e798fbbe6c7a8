/** What people say of an answer: thumbs, and "it is really ...". */
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawSamplePicture } from "../../src/image/sample-pictures.ts";
import { openPredictionLog } from "../../src/prediction-log/open-prediction-log.ts";
import { petModel, type RunningService, startService } from "../support/running-service.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { browserPath, desktop, launchBrowser, openPlayground, phone } from "./support/browser.ts";

const reason = browserPath === undefined ? " (skipped: no Chromium; PAWPRINT_TEST_BROWSER names one)" : "";
const breeds = Array.from({ length: 1000 }, (_, index) => `${index % 2 === 0 ? "Épagneul" : "terrier"} ${index}`);

describe.skipIf(browserPath === undefined)(`feedback in the playground${reason}`, () => {
  const folder = temporaryFolder();
  const logs = { pets: join(folder, "pets.db"), breeds: join(folder, "breeds.db") };
  let browser: Browser;
  let pets: RunningService;
  let thousand: RunningService;
  beforeAll(async () => {
    [browser, pets, thousand] = await Promise.all([
      launchBrowser(),
      startService(petModel, { predictionLog: logs.pets }),
      startService({ ...petModel, labels: breeds }, { predictionLog: logs.breeds }),
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    await Promise.all([pets?.close(), thousand?.close()]);
  });

  /** Runs a test on a fresh page with an answer, and holds it to have had these faults alone. */
  async function answered(
    { origin }: RunningService,
    test: (page: Page) => Promise<void>,
    { options = desktop, known = [] }: { options?: BrowserContextOptions; known?: readonly string[] } = {},
  ): Promise<void> {
    const { page, faults } = await openPlayground(browser, origin, options);
    await page.click("#sample-list button");
    await page.locator(".verdict").waitFor();
    await test(page);
    expect(faults).toEqual(known.map((fault) => expect.stringContaining(fault)));
    await page.context().close();
  }
  const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
  const kept = (page: Page, note: string) => page.locator(".feedback-note").getByText(note, { exact: true }).waitFor();
  /** The labels that the service keeps for the shown answer, oldest first. */
  async function said(page: Page, path: string): Promise<string[]> {
    const log = await openPredictionLog(path);
    try {
      return (await log.feedbackFor((await page.locator("#answer .id").textContent())!)).map(({ label }) => label);
    } finally {
      await log.close();
    }
  }
  async function labels(page: Page): Promise<{ predicted: string; other: string }> {
    const predicted = (await page.locator(".bars .name").first().textContent())!;
    return { predicted, other: petModel.labels.find((label) => label !== predicted)! };
  }

  it("keeps that an answer is right, and once only", () =>
    answered(pets, async (page) => {
      const { predicted } = await labels(page);
      await button(page, "Yes").click();
      await kept(page, `Kept: ${predicted} is right.`);
      await button(page, "Yes").click();
      expect(await button(page, "Yes").getAttribute("aria-pressed")).toBe("true");
      expect(await said(page, logs.pets)).toEqual([predicted]);
      await expect.poll(() => page.locator("#announcer").textContent()).toBe(`Kept: ${predicted} is right.`);
    }));

  it("keeps what a picture really is, and what is said later", () =>
    answered(pets, async (page) => {
      const { predicted, other } = await labels(page);
      await button(page, "No").click();
      expect(await page.getByRole("group", { name: "It is really …" }).getByRole("button").allTextContents()).toEqual([
        other,
      ]);
      await button(page, other).click();
      await kept(page, `Kept: it is really ${other}.`);
      expect(await page.getByText("It is really …").count()).toBe(0);
      expect(await button(page, "No").getAttribute("aria-pressed")).toBe("true");
      await button(page, "Yes").click();
      await kept(page, `Changed: ${predicted} is right.`);
      expect(await said(page, logs.pets)).toEqual([other, predicted]);
    }));

  it("asks of each of several pictures, and shows with each what was said of it", () =>
    answered(pets, async (page) => {
      const files = [1, 2].map(async (seed) => ({
        name: `${seed}.jpg`,
        mimeType: "image/jpeg",
        buffer: Buffer.from(await drawSamplePicture({ label: "cat", seed, sizePx: 64 })),
      }));
      await page.setInputFiles("#file", await Promise.all(files));
      await expect.poll(() => page.locator("#history-list li").count()).toBe(3);
      const { predicted } = await labels(page);
      await button(page, "Yes").click();
      await kept(page, `Kept: ${predicted} is right.`);
      await page.locator("#history-list button").nth(1).click();
      expect(await page.locator(".feedback-note").textContent()).toBe("");
      const { other } = await labels(page);
      await button(page, "No").click();
      await button(page, other).click();
      await kept(page, `Kept: it is really ${other}.`);
      expect(await said(page, logs.pets)).toEqual([other]);
      await page.locator("#history-list button").first().click();
      await kept(page, `Kept: ${predicted} is right.`);
      expect(await said(page, logs.pets)).toEqual([predicted]);
    }));

  it("finds one of a thousand classes with the keyboard alone", () =>
    answered(thousand, async (page) => {
      await button(page, "No").focus();
      await page.keyboard.press("Space");
      const field = page.getByRole("combobox", { name: "It is really …" });
      expect(await page.getByRole("option").count()).toBe(999);
      const active = async (): Promise<string | null> => {
        const id = await field.getAttribute("aria-activedescendant");
        const row = page.getByRole("option", { selected: true });
        expect(await row.getAttribute("id")).toBe(id);
        return row.locator("span").first().textContent();
      };
      await page.keyboard.press("Escape");
      expect(await field.count()).toBe(0);
      expect(await page.evaluate("document.activeElement.textContent")).toBe("No");
      await page.keyboard.press("Enter");
      await page.keyboard.type("terrier 99");
      // Those with 99 behind other digits are no matches; accents and case do not matter.
      const names = await page.locator("[role=option] span:first-child").allTextContents();
      expect(new Set(names)).toEqual(new Set(["terrier 99", ...[1, 3, 5, 7, 9].map((digit) => `terrier 99${digit}`)]));
      expect(await page.locator(".label-choice [role=status]").textContent()).toBe("6 of 999 classes");
      await page.keyboard.press("End");
      for (let typed = 0; typed < 10; typed++) await page.keyboard.press("Backspace");
      await page.keyboard.type("EPAGNEUL 12");
      const first = await active();
      await page.keyboard.press("ArrowDown");
      const second = await active();
      expect(second).not.toBe(first);
      expect(second).toMatch(/^Épagneul 12/);
      await page.keyboard.press("Enter");
      await kept(page, `Kept: it is really ${second}.`);
      expect(await said(page, logs.breeds)).toEqual([second]);
    }));

  it("says where no class has what was typed", () =>
    answered(thousand, async (page) => {
      await button(page, "No").click();
      await page.keyboard.type("goldfish");
      await page.getByText("No class has this in its name.").waitFor();
      await page.keyboard.press("Enter");
      expect(await page.getByRole("combobox").getAttribute("aria-activedescendant")).toBe(null);
      expect(await said(page, logs.breeds)).toEqual([]);
    }));

  it("says in words that it could not be kept, and tries again", () =>
    answered(
      pets,
      async (page) => {
        const { predicted } = await labels(page);
        const failure = {
          code: "PREDICTION_LOG_UNAVAILABLE",
          message: "a log; got none",
          hint: "send it again in 5 s",
        };
        await page.context().setOffline(true);
        await button(page, "Yes").click();
        await page.getByRole("heading", { name: "The service does not answer" }).waitFor();
        await page.context().setOffline(false);
        await page.route("**/feedback", (route) => route.fulfill({ status: 503, json: { error: failure } }), {
          times: 1,
        });
        await button(page, "Try again").click();
        await page.getByRole("heading", { name: "The service could not keep this" }).waitFor();
        expect(await button(page, "Yes").getAttribute("aria-pressed")).toBe("false");
        await button(page, "Try again").click();
        await kept(page, `Kept: ${predicted} is right.`);
        expect(await page.locator(".feedback h3").allTextContents()).toEqual(["Is it right?"]);
        expect(await said(page, logs.pets)).toEqual([predicted]);
      },
      // Chromium notes every failure in its console.
      { known: ["ERR_INTERNET_DISCONNECTED", "status of 503"] },
    ));

  it("does not ask where the service keeps no log, and sends nothing to find out", async () => {
    const without = await startService(petModel);
    try {
      await answered(without, async (page) => {
        expect(await page.locator(".feedback").isVisible()).toBe(false);
        expect(await page.getByText("Is it right?").isVisible()).toBe(false);
      });
    } finally {
      await without.close();
    }
  });

  it("fits a telephone, with targets that a finger meets", () =>
    answered(
      thousand,
      async (page) => {
        await button(page, "No").click();
        expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBe(0);
        const sizes = await page.evaluate<number[]>(`
          [...document.querySelectorAll(".feedback :is(button, input, [role=option])")]
            .map((target) => target.getBoundingClientRect())
            .map(({ width, height }) => Math.min(width, height))`);
        expect(sizes.length).toBeGreaterThan(1000);
        expect(Math.min(...sizes)).toBeGreaterThanOrEqual(44);
      },
      { options: phone },
    ));
});
