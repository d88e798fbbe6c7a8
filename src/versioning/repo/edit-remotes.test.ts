import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { addRemote, removeRemote, setDefaultRemote } from "./edit-remotes.ts";
import { initRepository, openRepository } from "./open-repository.ts";

let root: string;
beforeEach(async () => {
  root = temporaryFolder("remotes");
  await initRepository(root, { noScm: true });
});
const text = (name: string): string => readFileSync(join(root, ".dvc", name), "utf8");
const add = async (edit: Parameters<typeof addRemote>[1]) => addRemote(await openRepository(root), edit, root);

describe("remotes", () => {
  it("keep secrets out of the file that Git keeps, and out of the refusal", async () => {
    for (const edit of [
      { name: "s", url: "s3://b/p", settings: { secret_access_key: "hush" } },
      { name: "s", url: "s3://user:hush@b/p" },
    ]) {
      const failure = await add(edit).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: "DATA_CONFIG_INVALID" });
      expect(JSON.stringify(failure) + String(failure)).not.toContain("hush");
    }
    await add({ name: "s", url: "s3://b/p", isDefault: true });
    await add({ name: "s", url: "s3://b/p", settings: { secret_access_key: "hush" }, local: true });
    expect(text("config")).toBe("[core]\n    no_scm = True\n    remote = s\n['remote \"s\"']\n    url = s3://b/p\n");
    expect((await openRepository(root)).config.remotes.get("s")?.settings.get("secret_access_key")).toBe("hush");
    await removeRemote(await openRepository(root), "S");
    expect(text("config") + text("config.local")).toBe("[core]\n    no_scm = True\n");
  });

  it.each([
    ["DATA_CONFIG_INVALID", { name: 'a"b', url: "x" }],
    ["DATA_CONFIG_INVALID", { name: "a\nb", url: "x" }],
    ["DATA_CONFIG_INVALID", { name: "a", url: "x\n[core]" }],
    ["DATA_CONFIG_INVALID", { name: "a", url: "s3://b", settings: { endpoint_url: "http://x" } }],
    ["FILE_EXISTS", { name: "Known", url: "y" }],
  ])("are refused with %s: %o", async (code, edit) => {
    await add({ name: "known", url: "x" });
    const before = text("config");
    await expect(add(edit)).rejects.toMatchObject({ code });
    await expect(setDefaultRemote(await openRepository(root), "none")).rejects.toMatchObject({
      code: "DATA_REMOTE_UNKNOWN",
    });
    expect(text("config")).toBe(before);
  });
});
