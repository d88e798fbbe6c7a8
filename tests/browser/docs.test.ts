/** The documentation of the routes: what it offers to send is answered. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningService, startService } from "../support/running-service.ts";
import { browserPath, desktop, launchBrowser } from "./support/browser.ts";

describe.skipIf(browserPath === undefined)("/docs", () => {
  let service: RunningService;
  let browser: Browser;
  beforeAll(async () => {
    [service, browser] = await Promise.all([startService(), launchBrowser()]);
  });
  afterAll(() => Promise.all([service.close(), browser.close()]));

  it.each([
    ["prediction", "predict"],
    ["mlflow", "invocations"],
    ["open-inference", "v2Infer"],
    ["triton", "v2RepositoryIndex"],
    ["triton", "v2VersionStatistics"],
  ])("%s/%s is answered 200 as it stands, at the press of Execute", async (group, id) => {
    const context = await browser.newContext(desktop);
    const page = await context.newPage();
    await page.goto(`${service.origin}/docs/#/${group}/${id}`);
    const operation = page.locator(`#operations-${group}-${id}`);
    await operation.locator(".opblock-summary").first().waitFor();
    await operation.getByRole("button", { name: "Execute" }).click();
    const status = operation.locator(".live-responses-table .response-col_status").last();
    await expect.poll(() => status.textContent()).toContain("200");
    await context.close();
  });
});
