import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Browser } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawSamplePicture } from "../../src/image/sample-pictures.ts";
import { snippetsFor } from "../../web/about/snippets.ts";
import { petModel, type RunningService, startService } from "../support/running-service.ts";
import { bringFile, browserPath, launchBrowser, openPlayground } from "./support/browser.ts";

const reason = browserPath === undefined ? " (skipped: no Chromium; PAWPRINT_TEST_BROWSER names one)" : "";
const bodyBytes = 60_000;
let service: RunningService;
beforeAll(async () => {
  service = await startService(petModel, { bodyBytes });
});
afterAll(() => service?.close());

describe.skipIf(browserPath === undefined)(`the playground in trouble${reason}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser?.close());

  it("says of a text file what was required and what arrived", async () => {
    const { page, faults } = await openPlayground(browser, service.origin);
    await bringFile(page, "drop", { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("not a picture") });
    await page.getByRole("heading", { name: "This file is not a picture" }).waitFor();
    const facts = (await page.locator("#answer .facts").textContent()) ?? "";
    expect(facts).toContain("image/*");
    expect(facts).toContain("text/plain");
    await page.getByText("The service's answer, MEDIA_TYPE_UNSUPPORTED").click();
    expect(await page.locator("#answer pre").textContent()).toContain('"request_id"');
    expect(await page.getByRole("button", { name: "Try again" }).count()).toBe(0);
    await expect.poll(() => page.locator("#announcer").textContent()).toContain("This file is not a picture");
    // Chromium notes every refusal in its console; nothing else stands there.
    expect(faults).toEqual([expect.stringContaining("status of 415")]);
    await page.context().close();
  });

  it("says of a damaged picture that it cannot be read", async () => {
    const { page } = await openPlayground(browser, service.origin);
    const whole = await drawSamplePicture({ label: "dog", seed: 4, sizePx: 96 });
    const buffer = Buffer.from(whole).subarray(0, 600);
    await page.setInputFiles("#file", { name: "half.jpg", mimeType: "image/jpeg", buffer });
    await page.getByRole("heading", { name: "This file cannot be read as a picture" }).waitFor();
    expect(await page.locator("#answer summary").textContent()).toContain("IMAGE_UNREADABLE");
    await page.context().close();
  });

  it("says that a page's text is no picture when it is pasted", async () => {
    const { page, faults } = await openPlayground(browser, service.origin);
    await page.evaluate(`(() => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text/plain", "hello");
      document.body.dispatchEvent(new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData }));
    })()`);
    await page.getByRole("heading", { name: "There was no file in it" }).waitFor();
    expect(await page.locator("#answer .facts").textContent()).toContain("copy a picture itself");
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it("makes a picture smaller that has more bytes than the service takes", async () => {
    const { page } = await openPlayground(browser, service.origin);
    const size = { width: 500, height: 400 };
    const noise = Buffer.from(Uint8Array.from({ length: size.width * size.height * 3 }, (_, i) => (i * 7919) % 251));
    const buffer = await sharp(noise, { raw: { ...size, channels: 3 } })
      .png({ compressionLevel: 0 })
      .toBuffer();
    const sent = page.waitForRequest((request) => request.url().includes("/predict"));
    await page.setInputFiles("#file", { name: "large.png", mimeType: "image/png", buffer });
    await page.locator(".verdict").waitFor();
    expect(Number((await (await sent).allHeaders())["content-length"])).toBeLessThanOrEqual(bodyBytes);
    const [width, height] = await page.evaluate<[number, number]>(`(async (image) => {
      await image.decode();
      return [image.naturalWidth, image.naturalHeight];
    })(document.querySelector("#picture-figure img"))`);
    expect(width).toBeLessThan(size.width);
    expect(width / height).toBeCloseTo(size.width / size.height, 1);
    expect(await page.locator("#picture-figure figcaption").textContent()).toContain("made smaller to fit");
    await page.context().close();
  });

  it.each([
    [503, "OVERLOADED", "The service is busy"],
    [504, "DEADLINE_EXCEEDED", "The answer took too long"],
    [429, "RATE_LIMITED", "Too many requests"],
  ])("lets a person try again after a %i", async (status, code, title) => {
    const { page } = await openPlayground(browser, service.origin);
    await page.route(
      "**/predict*",
      (route) =>
        route.fulfill({ status, json: { error: { code, message: "room; got none", hint: "send it again in 1 s" } } }),
      { times: 1 },
    );
    await page.click("#sample-list button");
    await page.getByRole("heading", { name: title }).waitFor();
    expect(await page.locator("#answer .facts").textContent()).toContain("send it again in 1 s");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.locator(".verdict").waitFor();
    await page.context().close();
  });

  it("says that the service does not answer, and works again once it does", async () => {
    const { page } = await openPlayground(browser, service.origin);
    const picture = Buffer.from(await drawSamplePicture({ label: "cat", seed: 3, sizePx: 64 }));
    await page.context().setOffline(true);
    await page.setInputFiles("#file", { name: "cat.jpg", mimeType: "image/jpeg", buffer: picture });
    await page.getByRole("heading", { name: "The service does not answer" }).waitFor();
    await page.context().setOffline(false);
    await page.getByRole("button", { name: "Try again" }).click();
    await page.locator(".verdict").waitFor();
    await page.context().close();
  });

  it("asks for a key where the service wants one, and sends it from then on", async () => {
    const { page } = await openPlayground(browser, service.origin);
    await page.route("**/predict*", (route) =>
      route.request().headers().authorization === "Bearer secret"
        ? route.fallback()
        : route.fulfill({ status: 401, json: { error: { code: "UNAUTHENTICATED", message: "a key; got none" } } }),
    );
    await page.click("#sample-list button");
    await page.getByLabel("API key").fill("secret");
    await page.keyboard.press("Enter");
    await page.locator(".verdict").waitFor();
    await page.context().close();
  });

  it("finds the model once the service is ready, where it was not at first", async () => {
    const page = await (await browser.newContext()).newPage();
    await page.route("**/model", (route) => route.fulfill({ status: 503, json: {} }), { times: 1 });
    await page.goto(service.origin);
    await page.getByRole("button", { name: "Try again" }).click();
    await page.locator("#model .facts").waitFor();
    expect(await page.locator("#startup-fault").isVisible()).toBe(false);
    await page.context().close();
  });

  it("shows no label as markup", async () => {
    const { page, faults } = await openPlayground(browser, service.origin);
    const label = "<img src=x onerror=alert(1)>";
    await page.route("**/predict*", async (route) => {
      const response = await route.fetch();
      const body = (await response.json()) as { top: { label: string }[] };
      await route.fulfill({ response, json: { ...body, label, top: body.top.map((one) => ({ ...one, label })) } });
    });
    await page.click("#sample-list button");
    expect(await page.locator(".verdict").textContent()).toContain(label);
    expect(faults).toEqual([]);
    await page.context().close();
  });
});

describe("the code that the playground offers", () => {
  it.each([
    ["curl", "sh", []],
    ["javascript", process.execPath, ["--input-type=module"]],
  ] as const)("runs as it stands: %s", async (id, program, args) => {
    const folder = await mkdtemp(join(tmpdir(), "pawprint-snippet-"));
    try {
      await writeFile(join(folder, "picture.jpg"), await drawSamplePicture({ label: "dog", seed: 1, sizePx: 64 }));
      const snippet = snippetsFor(service.origin).find((one) => one.id === id)!;
      const running = promisify(execFile)(program, args, { cwd: folder });
      running.child.stdin!.end(snippet.code);
      expect((await running).stdout).toMatch(/\b(cat|dog)\b.*0\.\d+/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
