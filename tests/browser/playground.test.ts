import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawSamplePicture } from "../../src/image/sample-pictures.ts";
import { petModel, type RunningService, startService } from "../support/running-service.ts";
import {
  bringFile,
  browserPath,
  type CarriedFile,
  desktop,
  launchBrowser,
  openPlayground,
  phone,
} from "./support/browser.ts";

const reason = browserPath === undefined ? " (skipped: no Chromium; PAWPRINT_TEST_BROWSER names one)" : "";

describe.skipIf(browserPath === undefined)(`the playground${reason}`, () => {
  let browser: Browser;
  let service: RunningService;
  let dog: CarriedFile;
  beforeAll(async () => {
    [browser, service] = await Promise.all([launchBrowser(), startService(petModel)]);
    dog = await drawing("dog.jpg", "dog", 40);
  });
  afterAll(async () => {
    await browser?.close();
    await service?.close();
  });

  /** Runs a test on a fresh page, and holds it to have had no fault. */
  async function visit(
    test: (page: Page) => Promise<void>,
    { options = desktop }: { options?: BrowserContextOptions } = {},
  ): Promise<void> {
    const { page, faults } = await openPlayground(browser, service.origin, options);
    await test(page);
    expect(faults).toEqual([]);
    await page.context().close();
  }
  /** What the service itself says of a picture, as the page must show it. */
  async function answerOf({
    buffer,
    mimeType,
  }: CarriedFile): Promise<{ label: string; sentence: string; shares: string[] }> {
    const headers = { "content-type": mimeType };
    const response = await fetch(`${service.origin}/predict`, {
      method: "POST",
      headers,
      body: new Uint8Array(buffer),
    });
    const { label, confidence, probabilities } = (await response.json()) as {
      label: string;
      confidence: number;
      probabilities: number[];
    };
    const shares = [...probabilities].sort((a, b) => b - a).map(percent);
    return { label, sentence: `${label}, ${percent(confidence)}`, shares };
  }

  it.each(["choose", "drop", "paste"] as const)("answers a picture that was brought by %s", (how) =>
    visit(async (page) => {
      if (how === "choose") {
        const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.click("#choose")]);
        await chooser.setFiles(dog);
      } else await bringFile(page, how, dog);
      const { sentence, shares } = await answerOf(dog);
      expect(plain(await page.locator(".verdict").textContent())).toBe(sentence);
      expect((await page.locator(".bars .share").allTextContents()).map(plain)).toEqual(shares);
      expect(await page.locator(".bars .name").allTextContents()).toHaveLength(petModel.labels.length);
      expect(await page.locator("#picture-figure img").getAttribute("alt")).toBe("The picture: dog.jpg");
      await expect.poll(() => page.locator("#announcer").textContent()).toMatch(/^(cat|dog), \d+\.\d percent\. Then /);
      await expect.poll(() => page.locator("#drop-cover").isVisible()).toBe(false);
    }),
  );

  it("tells how long each phase took, who answered, and under which id", () =>
    visit(async (page) => {
      await page.setInputFiles("#file", dog);
      await page.locator(".verdict").waitFor();
      expect(await page.locator(".timing dt").allTextContents()).toEqual([
        "Decode",
        "Queue",
        "Inference",
        "Other",
        "In the service",
        "Round trip",
      ]);
      for (const time of await page.locator(".timing dd").allTextContents())
        expect(plain(time)).toMatch(/^[\d.]+ m?s$/);
      expect(await page.locator("#answer .facts").textContent()).toMatch(/^Modelmodel [0-9a-f]{12}/);
      expect(await page.locator("#answer .id").textContent()).toMatch(/^[\w-]{20,}$/);
    }));

  it("answers a sample picture and says what it is labelled", () =>
    visit(async (page) => {
      await expect.poll(() => page.locator("#sample-list button").count()).toBe(4);
      await page.click("#sample-list li:nth-child(2) button");
      await page.locator(".verdict").waitFor();
      expect(await page.locator(".verdict-check").textContent()).toContain("sample is labelled dog");
      expect(await page.locator("#picture-figure .file-name").textContent()).toBe("dog/0.jpg");
    }));

  it("draws a heat map for the answer, and for another class when asked", () =>
    visit(async (page) => {
      await page.setInputFiles("#file", dog);
      await page.getByRole("button", { name: "Heat map", exact: true }).click();
      await page.locator("#heat-figure img").waitFor();
      const { label } = await answerOf(dog);
      expect(await page.locator("#heat-figure .subject").textContent()).toBe(`Evidence for ${label}`);
      expect(await naturalWidth(page, "#heat-figure img")).toBeGreaterThan(0);
      const other = petModel.labels.find((one) => one !== label)!;
      await page.getByLabel("for", { exact: true }).selectOption(other);
      await page.getByText(`Evidence for ${other}`).waitFor();
      // It stays on: the next picture brings its own.
      const next = page.waitForResponse((response) => response.url().includes("/explain"));
      await page.click("#sample-list li:nth-child(1) button");
      expect((await next).status()).toBe(200);
      expect(await page.locator("#heat-figure").isVisible()).toBe(true);
    }));

  it("keeps the last twelve predictions and shows each again without asking anew", () =>
    visit(async (page) => {
      const files = await Promise.all(Array.from({ length: 13 }, (_, seed) => drawing(`${seed}.jpg`, "cat", seed)));
      await page.setInputFiles("#file", files);
      await page.locator("#picture-figure .file-name", { hasText: "12.jpg" }).waitFor();
      await expect.poll(() => page.locator("#history-list li").count()).toBe(12);
      await expect.poll(() => page.locator("#history-list button").first().textContent()).toContain("12.jpg");
      let asked = 0;
      page.on("request", (request) => void (request.url().includes("/predict") && asked++));
      await page.locator("#history-list button").last().click();
      expect(await page.locator("#picture-figure .file-name").textContent()).toBe("1.jpg");
      expect(plain(await page.locator(".verdict").textContent())).toBe((await answerOf(files[1]!)).sentence);
      expect(asked).toBe(0);
      await page.click("#history-clear");
      expect(await page.locator("#history").isVisible()).toBe(false);
    }));

  it("is used with the keyboard alone", () =>
    visit(async (page) => {
      // Listened for from the start: the browser needs a moment to give file dialogs to a test.
      const chooser = page.waitForEvent("filechooser");
      await page.keyboard.press("Tab");
      expect(await page.evaluate("document.activeElement.textContent")).toBe("Skip to the picture");
      await page.keyboard.press("Enter");
      await page.keyboard.press("Tab");
      expect(await page.evaluate("document.activeElement.id")).toBe("choose");
      expect(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")).toBe("solid");
      await page.keyboard.press("Enter");
      await (await chooser).setFiles(dog);
      await page.locator(".verdict").waitFor();
      await tabTo(page, "Heat map");
      await page.keyboard.press("Space");
      await page.locator("#heat-figure img").waitFor();
      await tabTo(page, "curl");
      await page.keyboard.press("ArrowRight");
      expect(await page.locator("#code-panel-javascript").isVisible()).toBe(true);
      await page.keyboard.press("End");
      expect(await page.locator("#code-panel-python").isVisible()).toBe(true);
      await page.keyboard.press("ArrowRight");
      expect(await page.locator("#code-panel-curl").isVisible()).toBe(true);
    }));

  it("follows the system's theme until another is chosen, which is remembered", () =>
    visit(
      async (page) => {
        const background = (): Promise<unknown> => page.evaluate("getComputedStyle(document.body).backgroundColor");
        expect(await background()).toBe("rgb(21, 24, 29)");
        await page.getByRole("button", { name: "Switch to the light theme" }).click();
        expect(await background()).toBe("rgb(255, 255, 255)");
        await page.reload();
        await page.locator("#model .facts").waitFor();
        expect(await background()).toBe("rgb(255, 255, 255)");
        await page.getByRole("button", { name: "Switch to the dark theme" }).click();
        expect(await background()).toBe("rgb(21, 24, 29)");
      },
      { options: { ...desktop, colorScheme: "dark" } },
    ));

  it("fits a telephone of 360 pixels, with targets that a finger meets", () =>
    visit(
      async (page) => {
        const overflow = (): Promise<unknown> => page.evaluate("document.documentElement.scrollWidth - innerWidth");
        expect(await overflow()).toBe(0);
        await page.click("#sample-list li:nth-child(1) button");
        await page.locator(".verdict").waitFor();
        await page.getByRole("button", { name: "Heat map", exact: true }).click();
        await page.locator("#heat-figure img").waitFor();
        expect(await overflow()).toBe(0);
        // Picture and heat map take turns.
        expect(await page.locator("#picture-figure").isVisible()).toBe(false);
        await page.locator("#view-picture").click();
        expect(await page.locator("#picture-figure").isVisible()).toBe(true);
        expect(await page.locator("#heat-figure").isVisible()).toBe(false);
        expect(await page.locator("#photograph").isVisible()).toBe(true);
        for (const target of await page
          .locator("button:visible, select:visible, nav a:visible, summary:visible")
          .all()) {
          const box = await target.boundingBox();
          expect(Math.min(box!.height, box!.width), (await target.textContent()) ?? "").toBeGreaterThanOrEqual(44);
        }
      },
      { options: phone },
    ));

  it("photographs with the camera", () =>
    visit(async (page) => {
      await page.getByRole("button", { name: "Take a photo", exact: true }).click();
      const shutter = page.getByRole("button", { name: "Take the photo" });
      await expect.poll(() => shutter.isEnabled(), { timeout: 10_000 }).toBe(true);
      await shutter.click();
      await page.locator(".verdict").waitFor();
      expect(await page.locator("#picture-figure .file-name").textContent()).toBe("photo.jpg");
      expect(await page.evaluate("document.querySelector('video').srcObject")).toBe(null);
    }));

  it("shows what the model is worth and where it comes from", () =>
    visit(async (page) => {
      const card = plain(await page.locator("#model").textContent());
      for (const part of [
        "87.5 %",
        "1,234 pictures of the test split",
        "32 × 32 pixels, colour",
        "0123456789ab",
        "cccccccccccc",
      ]) {
        expect(card).toContain(part);
      }
      expect(await page.locator("#lead").textContent()).toBe("model distinguishes 2 classes: cat and dog.");
      for (const [name, path] of [
        ["API", "/docs"],
        ["Metrics", "/metrics"],
        ["Model", "/model"],
      ] as const) {
        expect(await page.getByRole("link", { name, exact: true }).getAttribute("href")).toBe(path);
        expect((await fetch(`${service.origin}${path}`)).status).toBe(200);
      }
    }));
});

async function drawing(name: string, label: "cat" | "dog", seed: number): Promise<CarriedFile> {
  return { name, mimeType: "image/jpeg", buffer: Buffer.from(await drawSamplePicture({ label, seed, sizePx: 96 })) };
}

/** With ordinary spaces. */
function plain(text: string | null): string {
  return (text ?? "").replaceAll("\u00a0", " ");
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function naturalWidth(page: Page, selector: string): Promise<number> {
  return page.evaluate(`document.querySelector(${JSON.stringify(selector)}).decode().then(() =>
    document.querySelector(${JSON.stringify(selector)}).naturalWidth)`);
}

/** Presses Tab until the focus is on the control with this text. */
async function tabTo(page: Page, text: string): Promise<void> {
  const seen: unknown[] = [];
  for (let presses = 0; presses < 60; presses++) {
    seen.push(await page.evaluate("document.activeElement.textContent"));
    if (seen.at(-1) === text) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`the Tab key never comes to '${text}', but to ${JSON.stringify(seen)}`);
}
