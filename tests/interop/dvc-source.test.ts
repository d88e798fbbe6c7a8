/** What `pawprint data diff` says of generated changes is what the real dvc says. */
import * as fs from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { initRepository, openRepository } from "../../src/versioning/repo/open-repository.ts";
import { addData } from "../../src/versioning/workspace/add.ts";
import { diffData } from "../../src/versioning/workspace/diff.ts";
import { findDvc, git } from "../support/dvc-peer.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const home = fs.realpathSync(temporaryFolder("source-peer"));
const dvc = (await findDvc(home, ["dvc"]))!;
let count = 0;

type Files = ReadonlyMap<string, string>;

async function commitFiles(root: string, files: Files): Promise<void> {
  for (const name of fs.readdirSync(root))
    if (/^(raw|other|one)/.test(name)) fs.rmSync(join(root, name), { recursive: true });
  for (const [path, text] of files) {
    fs.mkdirSync(join(root, path, ".."), { recursive: true });
    fs.writeFileSync(join(root, path), text);
  }
  const targets = [...new Set([...files.keys()].map((path) => path.split("/")[0]!))];
  await addData(await openRepository(root), targets, { folder: root });
  git(root, "add", "-A");
  git(root, "commit", "-q", "--allow-empty", "-m", "data");
}

/** Two versions in one repository; the work tree is the second. */
async function twoVersions(before: Files, after: Files): Promise<string> {
  const root = join(home, `${count++}`);
  fs.mkdirSync(root, { recursive: true });
  git(root, "init", "-q", "-b", "main");
  await initRepository(root);
  await commitFiles(root, before);
  await commitFiles(root, after);
  return root;
}

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

async function both(root: string, targets: readonly string[] = []): Promise<readonly [unknown, unknown]> {
  const diff = await diffData(await openRepository(root), "HEAD~1", "HEAD", { targets, folder: root });
  const words = targets.length === 0 ? [] : ["--targets", ...targets];
  const said: unknown = JSON.parse(await dvc(root, "diff", "--json", "HEAD~1", "HEAD", ...words));
  const theirs = said as Record<string, readonly { readonly path: unknown }[]>; // checked by the comparison
  const sorted = (paths: readonly unknown[] = []) => [...paths].sort(byText);
  const kinds = ["added", "deleted", "modified", "renamed"] as const;
  return [
    Object.fromEntries(kinds.map((kind) => [kind, sorted(diff[kind])])),
    Object.fromEntries(kinds.map((kind) => [kind, sorted(theirs[kind]?.map(({ path }) => path))])),
  ];
}

const path = fc.constantFrom(
  ...["raw", "other"].flatMap((folder) =>
    ["a", "cat/a", "cat/b", "cat-1/a", "dog/a"].map((name) => `${folder}/${name}`),
  ),
  "one.bin",
);
/** Few contents, so that there are renames with more than one candidate. */
const files = fc
  .dictionary(path, fc.constantFrom("1", "2", "3"), { minKeys: 1, maxKeys: 8 })
  .map((rows): Files => new Map(Object.entries(rows)));

describe.skipIf(!dvc)("data diff and dvc diff", () => {
  it("say the same of changes of all kinds", async () => {
    await fc.assert(
      fc.asyncProperty(files, files, async (before, after) => {
        const [ours, theirs] = await both(await twoVersions(before, after));
        expect(ours).toEqual(theirs);
      }),
      { numRuns: Number(process.env.PAWPRINT_TREES ?? 6), endOnFailure: true },
    );
  }, 600_000);

  it("say the same of a renamed folder, and of a part of a folder", async () => {
    const before: Files = new Map([
      ["raw/cat/a", "1"],
      ["raw/dog/a", "2"],
    ]);
    const folder = await twoVersions(
      before,
      new Map([
        ["other/cat/a", "1"],
        ["other/dog/a", "2"],
      ]),
    );
    const [ours, theirs] = await both(folder);
    expect(ours).toEqual(theirs);
    expect(ours).toMatchObject({ renamed: expect.arrayContaining([{ old: "raw/", new: "other/" }]) });
    const part = await twoVersions(
      before,
      new Map([
        ["raw/dog/a", "1"],
        ["raw/dog/b", "2"],
      ]),
    );
    const [some, all] = await both(part, ["raw/cat"]);
    expect(some).toEqual(all);
    expect(some).toMatchObject({ deleted: ["raw/cat/a"], renamed: [] });
  }, 120_000);
});
