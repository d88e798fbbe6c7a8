import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { git } from "../../tests/support/dvc-peer.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { drawSamplePicture } from "../image/sample-pictures.ts";
import type { Repository } from "../versioning/repo/repository.ts";
import { diffData, renderVersionDiff } from "./data-diff.ts";
import { addData, initRepository } from "./versioning.ts";

let root = "";
let repository: Repository;
beforeEach(async () => {
  root = fs.realpathSync(temporaryFolder("data-diff"));
  git(root, "init", "-q");
  repository = await initRepository(root);
});

const picture = (seed: number) => drawSamplePicture({ label: seed % 2 === 0 ? "cat" : "dog", seed, sizePx: 32 });

function write(name: string, bytes: Uint8Array | string): void {
  fs.mkdirSync(dirname(join(root, name)), { recursive: true });
  fs.writeFileSync(join(root, name), bytes);
}

function commit(): void {
  git(root, "add", ".");
  git(root, "commit", "-q", "-m", "a version");
}

const thumbnailsIn = (page: string): number => page.match(/data:image\/jpeg;base64,/g)?.length ?? 0;

describe("the contact sheet of two data versions", () => {
  it("names what was relabelled, added, removed and modified, and shows it, also what only the cache has", async () => {
    for (const [at, name] of ["cat/1.png", "cat/2.png", "dog/3.png", "dog/4.png"].entries())
      write(`raw/${name}`, await picture(at));
    await addData(repository, ["raw"], { folder: root });
    commit();
    fs.renameSync(join(root, "raw/cat/1.png"), join(root, "raw/dog/1.png"));
    fs.rmSync(join(root, "raw/dog/3.png"));
    write("raw/cat/2.png", await picture(12));
    write("raw/cat/5.png", await picture(14));
    const diff = await diffData(repository);
    expect(diff).toMatchObject({
      added: ["raw/cat/5.png"],
      deleted: ["raw/dog/3.png"],
      relabelled: [{ old: "raw/cat/1.png", new: "raw/dog/1.png", from: "cat", to: "dog" }],
    });
    expect(diff.modified).toContain("raw/cat/2.png");
    const page = await renderVersionDiff(repository, diff, { now: new Date(0) });
    expect(thumbnailsIn(page)).toBe(4);
    expect(page).not.toContain("<script");
    // Without the cache nothing shows what was removed.
    fs.rmSync(join(root, ".dvc/cache"), { recursive: true });
    expect(thumbnailsIn(await renderVersionDiff(repository, diff, { now: new Date(0) }))).toBe(3);
  });

  it("shows pictures of DVC 2's cache, whose objects lie elsewhere", async () => {
    const put = (bytes: Uint8Array, suffix = ""): string => {
      const md5 = createHash("md5").update(bytes).digest("hex") + suffix;
      write(`.dvc/cache/${md5.slice(0, 2)}/${md5.slice(2)}`, bytes);
      return md5;
    };
    const version = async (seeds: readonly number[]): Promise<void> => {
      const files = await Promise.all(
        seeds.map(async (seed) => `{"md5": "${put(await picture(seed))}", "relpath": "cat/${seed}.png"}`),
      );
      write("raw.dvc", `outs:\n- md5: ${put(Buffer.from(`[${files.join(", ")}]`), ".dir")}\n  path: raw\n`);
      commit();
    };
    await version([2, 4]);
    await version([4]);
    const diff = await diffData(repository, "HEAD~1", "HEAD");
    expect(diff.deleted).toEqual(["raw/cat/2.png"]);
    expect(thumbnailsIn(await renderVersionDiff(repository, diff, { now: new Date(0) }))).toBe(1);
  });
});
