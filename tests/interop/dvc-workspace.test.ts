/** Trees of all kinds in two clones, one of the real dvc: both write the same bytes, and call the other's clean. */
import * as fs from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { initRepository, openRepository } from "../../src/versioning/repo/open-repository.ts";
import { addData } from "../../src/versioning/workspace/add.ts";
import { checkoutData } from "../../src/versioning/workspace/checkout.ts";
import { removeData } from "../../src/versioning/workspace/remove.ts";
import { dataStatus } from "../../src/versioning/workspace/status.ts";
import { findDvc, git } from "../support/dvc-peer.ts";
import { startPawprint } from "../support/pawprint-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const home = fs.realpathSync(temporaryFolder("workspace-peer"));
const dvc = (await findDvc(home, ["dvc"]))!;
let count = 0;

/** Two empty repositories, the first for Pawprint. */
async function twoRepositories(): Promise<readonly [string, string]> {
  const number = count++;
  const [ours, theirs] = ["ours", "theirs"].map((name) => join(home, `${number}`, name)) as [string, string];
  for (const folder of [ours, theirs]) {
    fs.mkdirSync(folder, { recursive: true });
    git(folder, "init", "-q", "-b", "main");
    await initRepository(folder);
  }
  return [ours, theirs];
}

interface File {
  readonly path: readonly string[];
  readonly text: string;
  readonly isExecutable: boolean;
}

/** False where a name is taken by a folder, or by a file. */
function writeFile(root: string, { path, text, isExecutable }: File): boolean {
  try {
    fs.mkdirSync(join(root, ...path.slice(0, -1)), { recursive: true });
    fs.writeFileSync(join(root, ...path), text, { mode: isExecutable ? 0o755 : 0o644, flag: "wx" });
    return true;
  } catch {
    return false;
  }
}

/** Everything below that Git would have, and the objects of folders: name, mode and bytes. */
function recordOf(root: string): Readonly<Record<string, string>> {
  const names = fs.readdirSync(root, { recursive: true, encoding: "utf8" });
  const wanted = names.filter(
    (name) =>
      /(^|\/)(\.gitignore|[^/]*\.dvc)$|^\.dvc\/cache\/files\/md5\//s.test(name) &&
      !name.startsWith(".git/") &&
      fs.statSync(join(root, name)).isFile(),
  );
  const entries = wanted.sort().map((name): readonly [string, string] => {
    const { mode } = fs.statSync(join(root, name));
    const kept = name.startsWith(".dvc/cache") && !name.endsWith(".dir");
    return [name, kept ? mode.toString(8) : fs.readFileSync(join(root, name), "utf8")];
  });
  return Object.fromEntries(entries);
}

const isClean = async (root: string): Promise<boolean> =>
  (await dataStatus(await openRepository(root), [], { folder: root })).isClean;
const dvcStatus = async (root: string): Promise<string> => (await dvc(root, "status", "--json")).trim();

/** Names of all kinds: what YAML quotes, NFC and NFD, beyond the BMP, patterns of .gitignore. */
const name = fc.oneof(
  fc.constantFrom(
    ..."é|e\u0301|😀|\uffee|yes|No|null|~|1|1.0|1e3|0x1f|007|2024-01-01|- a|a: b|a #b|#x|'q'|\"d\"|a'b|%d|@x|`t`|[a]|{b}".split(
      "|",
    ),
    "!x",
    "*",
    "a?b",
    " lead",
    "back\\slash",
    "tab\tname",
    "&a",
    ":",
    "=",
    "?",
    "a,b",
    `long ${"word ".repeat(20)}end`,
    "x".repeat(120),
  ),
  fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
    .filter((one) => /^[^/\0\p{C}]+$/u.test(one) && ![".", "..", ".git", ".dvc", ".hg"].includes(one)),
);
const usable = (one: string): boolean => !/\.dvc$|^dvc\.|^\.(git|dvc)|\s$/.test(one);
const file = fc.record<File>({
  path: fc.array(name.filter(usable), { minLength: 1, maxLength: 3 }),
  text: fc.oneof(fc.constant(""), fc.string({ unit: "binary", maxLength: 40 })),
  isExecutable: fc.boolean(),
});

describe.skipIf(!dvc)("data of Pawprint and of DVC", () => {
  it("is the same for trees of all kinds", async () => {
    const tree = fc.tuple(name.filter(usable), fc.array(file, { maxLength: 8 }), file);
    await fc.assert(
      fc.asyncProperty(tree, async ([folder, files, single]) => {
        const [ours, theirs] = await twoRepositories();
        const lone = { ...single, path: ["files", ...single.path.slice(-1)] };
        for (const root of [ours, theirs]) {
          fs.mkdirSync(join(root, "data", folder, "empty"), { recursive: true });
          for (const one of files) writeFile(root, { ...one, path: ["data", folder, ...one.path] });
          writeFile(root, lone);
        }
        const targets = [join("data", folder), join(...lone.path)];
        await addData(await openRepository(ours), targets, { folder: ours });
        await dvc(theirs, "add", "-q", "--", ...targets);
        expect(recordOf(ours)).toEqual(recordOf(theirs));
        expect(await dvcStatus(ours)).toBe("{}");
        expect(await isClean(theirs)).toBe(true);
      }),
      { numRuns: Number(process.env.PAWPRINT_TREES ?? 6), endOnFailure: true },
    );
  }, 600_000);

  it("is the same after changes of parts of a folder, and after removal", async () => {
    const [ours, theirs] = await twoRepositories();
    const repository = await openRepository(ours);
    const both = async (...paths: readonly string[]) => {
      await addData(repository, paths, { folder: ours });
      await dvc(theirs, "add", "-q", "--", ...paths);
      expect(recordOf(ours)).toEqual(recordOf(theirs));
    };
    const change = (work: (root: string) => void): void => [ours, theirs].forEach(work);
    const text = (path: string, content: string) =>
      change((root) => {
        fs.mkdirSync(join(root, path, ".."), { recursive: true });
        fs.rmSync(join(root, path), { force: true });
        fs.writeFileSync(join(root, path), content);
      });
    text("data/raw/cat/1.jpg", "one");
    text("data/raw/dog.jpg", "two");
    await both("data/raw");
    text("data/raw/new.jpg", "new");
    text("data/raw/dog.jpg", "not added");
    await both("data/raw/new.jpg");
    text("data/raw/cat/1.jpg", "changed");
    await both("data/raw/cat");
    change((root) => fs.rmSync(join(root, "data/raw/new.jpg")));
    await both("data/raw/new.jpg");
    await both("data/raw");
    text("data/one.bin", "1");
    await both("data/one.bin");
    await removeData(repository, ["data/raw.dvc"], { folder: ours });
    await dvc(theirs, "remove", "-q", "data/raw.dvc");
    expect(recordOf(ours)).toEqual(recordOf(theirs));
  }, 300_000);

  it("is the same for 10,000 files; a kill while they are added leaves what the next add completes", async () => {
    const [ours, theirs] = await twoRepositories();
    for (const root of [ours, theirs]) {
      for (let at = 0; at < 10_000; at++)
        writeFile(root, { path: ["raw", `${at % 50}`, `${at}.jpg`], text: `picture ${at}`, isExecutable: false });
    }
    const objects = join(ours, ".dvc/cache/files/md5");
    const countObjects = (): number =>
      fs.existsSync(objects) ? fs.readdirSync(objects, { recursive: true }).length : 0;
    for (const most of [1, 2500, 6000]) {
      const { child, ended } = startPawprint(["data", "add", "raw"], { cwd: ours });
      const watch = setInterval(() => countObjects() >= most && child.kill("SIGKILL"), 5);
      await ended;
      clearInterval(watch);
      expect(countObjects()).toBeGreaterThanOrEqual(most);
      if (fs.existsSync(join(ours, "raw.dvc"))) expect(await isClean(ours)).toBe(true);
    }
    await addData(await openRepository(ours), ["raw"], { folder: ours });
    await dvc(theirs, "add", "-q", "raw");
    expect(recordOf(ours)).toEqual(recordOf(theirs));
    expect(await dvcStatus(ours)).toBe("{}");
    expect(await isClean(theirs)).toBe(true);
    fs.rmSync(join(theirs, "raw"), { recursive: true });
    const [restored] = await checkoutData(await openRepository(theirs), [], { folder: theirs });
    expect(restored).toMatchObject({ path: "raw", added: 10_000 });
    expect(await dvcStatus(theirs)).toBe("{}");
  }, 600_000);
});
