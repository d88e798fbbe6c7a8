/** `.dvcignore`: which files count, asked of the real dvc for many patterns and paths at once. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../src/base/random.ts";
import { openIgnoreRules } from "../../src/versioning/repo/ignore-rules.ts";
import { initRepository } from "../../src/versioning/repo/open-repository.ts";
import { findDvc } from "../support/dvc-peer.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const home = temporaryFolder("ignored");
const dvc = await findDvc(home, ["dvc"]);

const files = [
  ...["a.txt", "A.TXT", "b.jpg", "foo", "foo.txt", "#x", "!y", "a b", "é.txt", "[z]", "*star"],
  ...["sub/a.txt", "sub/b.jpg", "sub/foo", "sub/deep/a.txt", "sub/deep/b.jpg", "sub/deep/foo/a.txt", "sub/deep/foo/b"],
  ...["foo_/a.txt", "cat/foo/a.txt", "cat/foo/b.jpg", "cat/foo/deep/a.txt", "cat/deep/sub/foo/a.txt", "tmp/a.txt"],
];
const words = [
  "*",
  "**",
  "foo",
  "a.txt",
  "*.txt",
  "b*",
  "sub",
  "deep",
  "cat",
  "?.jpg",
  "[ab].*",
  "[!a].*",
  "f*o",
  "\\!y",
];

/** A line such as `!/sub/**`. */
function lineOf(next: () => number): string {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)]!;
  const names = Array.from({ length: pick([1, 1, 1, 2, 2, 3]) }, () => pick(words));
  return `${pick(["", "", "!"])}${pick(["", "", "/"])}${names.join("/")}${pick(["", "", "/"])}`;
}

/** By path: whether dvc ignores it. */
async function askDvc(root: string): Promise<ReadonlyMap<string, boolean>> {
  const folders = [...new Set(files.map((path) => dirname(path)))].filter((path) => path !== ".");
  const asked = [...files, ...folders];
  // Exit code 1 where none is ignored.
  const answer = await dvc!(root, "check-ignore", "--details", "--non-matching", "--", ...asked).catch((error) => {
    if (!/: (undefined|)$/.test(String(error.message))) throw error;
    return "";
  });
  const found = new Map(asked.map((path) => [path, false]));
  for (const row of answer.split("\n").filter(Boolean)) {
    const [rule = "", path = ""] = row.split("\t");
    const line = rule.split(":").slice(2).join(":");
    found.set(path, rule !== "::" && !line.startsWith("!"));
  }
  return found;
}

function askPawprint(root: string, paths: Iterable<string>): ReadonlyMap<string, boolean> {
  const folders = new Set(files.map((path) => dirname(path)));
  return new Map(
    [...paths].map((path) => {
      const rules = openIgnoreRules(root);
      rules.enter("");
      for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) rules.enter(path.slice(0, at));
      return [path, rules.isIgnored(path, folders.has(path))] as const;
    }),
  );
}

async function repositoryWith(lines: Readonly<Record<string, readonly string[]>>): Promise<string> {
  const root = temporaryFolder("ignored");
  await initRepository(root, { noScm: true });
  for (const path of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), "");
  }
  for (const [path, some] of Object.entries(lines)) writeFileSync(join(root, path), `${some.join("\n")}\n`);
  return root;
}

describe.skipIf(!dvc)("files that .dvcignore leaves out", () => {
  const cases: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
    "names alone": { ".dvcignore": ["*.TXT", "foo", "\\#x", "\\!y", "[[]z]"] },
    "a negated folder, which speaks of all in it": { ".dvcignore": ["*.txt", "!foo"] },
    "folders alone": { ".dvcignore": ["foo/", "!cat/foo/", "*.jpg"] },
    "a folder's own file": { ".dvcignore": ["*.txt"], "sub/.dvcignore": ["!a.txt", "/foo", "deep/b.jpg"] },
    "a file that is ignored itself": { ".dvcignore": ["sub/.dvcignore"], "sub/.dvcignore": ["*"] },
  };
  it.each(Object.entries(cases))(
    "are those of dvc: %s",
    async (_, lines) => {
      const root = await repositoryWith(lines);
      const theirs = await askDvc(root);
      expect(askPawprint(root, theirs.keys())).toEqual(theirs);
    },
    120_000,
  );

  it("are those of dvc for patterns at random", async () => {
    const random = createRandom(18);
    const next = (): number => random.next();
    for (let round = 0; round < Number(process.env.PAWPRINT_IGNORE_ROUNDS ?? 8); round++) {
      const some = (count: number): string[] => Array.from({ length: count }, () => lineOf(next));
      const lines = { ".dvcignore": some(4), "sub/.dvcignore": some(2), "cat/.dvcignore": some(1) };
      const root = await repositoryWith(lines);
      const theirs = await askDvc(root);
      expect({ lines, found: askPawprint(root, theirs.keys()) }).toEqual({ lines, found: theirs });
    }
  }, 600_000);
});
