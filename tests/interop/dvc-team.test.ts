/** A team of two in one repository: one has Pawprint, the other DVC; neither sees a difference. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../src/base/random.ts";
import { findDvc, git } from "../support/dvc-peer.ts";
import { startPawprint } from "../support/pawprint-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const home = temporaryFolder("team");
const dvc = await findDvc(home);

interface Member {
  readonly folder: string;
  data(...words: readonly string[]): Promise<string>;
  /** Whether the tool finds nothing changed. */
  isClean(): Promise<boolean>;
}

async function pawprint(folder: string, ...words: readonly string[]): Promise<string> {
  const { ended, out, err } = startPawprint(["data", ...words], { cwd: folder });
  if ((await ended) !== 0) throw new Error(`pawprint data ${words.join(" ")}: ${err()}`);
  return out();
}

/** Names, modes and bytes of all files below a folder, as text. */
function contentOf(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => {
      const stats = statSync(join(folder, name));
      return stats.isFile() ? `${name} ${readFileSync(join(folder, name)).toString("base64")}` : name;
    })
    .join("\n");
}

describe.skipIf(!dvc)("a team of two, one with Pawprint and one with DVC", () => {
  it("works ten turns in one repository without a difference", async () => {
    const origin = join(home, "origin.git");
    const remote = join(home, "remote");
    git(home, "init", "-q", "--bare", "-b", "main", origin);
    const clone = (name: string): string => {
      git(home, "clone", "-q", origin, name);
      return join(home, name);
    };
    const anna: Member = {
      folder: clone("anna"),
      data: (...words) => pawprint(anna.folder, ...words),
      isClean: async () => {
        const { ended } = startPawprint(["data", "status", "--exit-code"], { cwd: anna.folder });
        return (await ended) === 0;
      },
    };
    git(anna.folder, "checkout", "-q", "-b", "main");
    await anna.data("init");
    await anna.data("remote", "add", "storage", remote, "--default");
    mkdirSync(join(anna.folder, "data/raw"), { recursive: true });
    writeFileSync(join(anna.folder, "data/raw/cat.0.jpg"), "first");
    await anna.data("add", "data/raw");
    await anna.data("push");
    git(anna.folder, "add", "--all");
    git(anna.folder, "commit", "-q", "-m", "first pictures");
    git(anna.folder, "push", "-q", "origin", "main");
    const ben: Member = {
      folder: clone("ben"),
      data: (...words) => dvc!(ben.folder, ...words),
      isClean: async () => (await dvc!(ben.folder, "status", "--json")).trim() === "{}",
    };
    await ben.data("pull");

    const random = createRandom(11);
    for (let turn = 1; turn <= 10; turn++) {
      const [own, other] = turn % 2 === 0 ? [anna, ben] : [ben, anna];
      change(join(own.folder, "data/raw"), turn, random);
      expect(await own.isClean()).toBe(false);
      await own.data("add", "data/raw");
      if (turn === 4) {
        writeFileSync(join(own.folder, "labels: all.csv"), "name,label\n");
        await own.data("add", "labels: all.csv");
      }
      await own.data("push");
      git(own.folder, "add", "--all");
      git(own.folder, "commit", "-q", "-m", `turn ${turn}`);
      git(own.folder, "push", "-q", "origin", "main");

      git(other.folder, "pull", "-q", "origin", "main");
      await other.data("pull");
      expect([turn, await other.isClean(), await own.isClean()]).toEqual([turn, true, true]);
      expect(contentOf(join(other.folder, "data"))).toBe(contentOf(join(own.folder, "data")));
      // Adding again what is there changes no byte of what Git has.
      await other.data("add", "data/raw");
      expect([turn, git(other.folder, "status", "--porcelain")]).toEqual([turn, ""]);
    }
  }, 600_000);
});

/** What people do to a folder of pictures between two versions. */
function change(folder: string, turn: number, random: { next(): number }): void {
  const names = readdirSync(folder, { encoding: "utf8" }).filter((name) => statSync(join(folder, name)).isFile());
  for (let at = 0; at < 3; at++) {
    writeFileSync(join(folder, `größe ${turn} 'q' ${at} ${random.next()}.jpg`), `picture ${turn} ${at}`);
  }
  mkdirSync(join(folder, `class ${turn % 3}`), { recursive: true });
  const moved = names[Math.floor(random.next() * names.length)];
  if (moved !== undefined) renameSync(join(folder, moved), join(folder, `class ${turn % 3}`, moved));
  const gone = names.find((name) => name !== moved);
  if (gone !== undefined && turn % 3 === 0) rmSync(join(folder, gone));
  if (gone !== undefined && turn % 3 === 1) {
    chmodSync(join(folder, gone), 0o644);
    rmSync(join(folder, gone));
    writeFileSync(join(folder, gone), `changed in turn ${turn}`);
  }
  if (turn === 5) writeFileSync(join(folder, "empty.jpg"), "");
}
