import * as nodeFiles from "node:fs/promises";
import {
  access,
  type FileHandle,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { interruption } from "../../../base/cancel.ts";
import type { AppError } from "../../../base/errors.ts";
import { sha256 } from "../../../base/hash.ts";
import { shellPath } from "../../../base/shell-word.ts";
import type { Finding, Inspection } from "../findings/findings.ts";
import type { MoveFileSystem } from "./move-file.ts";
import { quarantine } from "./quarantine.ts";
import { restoreQuarantine } from "./restore-quarantine.ts";

let root = "";
let source = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "pawprint-quarantine-"));
  source = join(root, "my pets");
  await mkdir(join(source, "cat", "old"), { recursive: true });
  for (const [id, text] of Object.entries(contents)) await writeFile(join(source, id), text);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const contents: Readonly<Record<string, string>> = {
  "cat/a.jpg": "A",
  "cat/b\n.jpg": "B",
  "cat/old/c.jpg": "C",
  "cat/keep.jpg": "K",
};
const now = () => Date.UTC(2026, 4, 1, 12, 30, 5);
const stamp = "2026-05-01T12-30-05";

const about = (kind: Finding["kind"], ...offenders: string[]): Finding => ({
  kind,
  ids: offenders,
  offenders,
  detail: `it is ${kind}`,
});

function inspectionOf(...findings: readonly Finding[]): Pick<Inspection, "source" | "findings" | "facts"> {
  const facts = Object.entries(contents).map(([id, text]) => ({ id, label: "cat", sizeBytes: 1, hash: sha256(text) }));
  return { source: { kind: "folder", location: source }, findings, facts };
}

const three = () => inspectionOf(about("truncated", "cat/a.jpg", "cat/b\n.jpg"), about("corrupt", "cat/old/c.jpg"));

/** Every file below a folder with its content. */
async function filesIn(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(
    await Promise.all(
      files.map(async (path) => [path.slice(folder.length + 1), await readFile(path, "utf8")] as const),
    ),
  );
}

describe("quarantine", () => {
  it("moves offenders under their own paths and logs each with its reason", async () => {
    const { folder, moved, left } = await quarantine(three(), { now });
    expect(folder).toBe(join(root, "my pets.quarantine", stamp));
    expect(left).toEqual([]);
    expect(moved).toHaveLength(3);
    expect(await filesIn(source)).toEqual({ "cat/keep.jpg": "K" });
    const { "log.jsonl": log, ...pictures } = await filesIn(folder!);
    expect(pictures).toEqual({ "pictures/cat/a.jpg": "A", "pictures/cat/b\n.jpg": "B", "pictures/cat/old/c.jpg": "C" });
    const lines = log!.trimEnd().split("\n");
    expect(lines.map((line): unknown => JSON.parse(line)).slice(0, 2)).toEqual([
      { format: "pawprint-quarantine-1", source: "../../my pets", createdAt: "2026-05-01T12:30:05.000Z" },
      {
        from: "cat/a.jpg",
        to: "pictures/cat/a.jpg",
        kind: "truncated",
        detail: "it is truncated",
        sha256: sha256("A"),
      },
    ]);
  });

  it("moves a picture of several findings once, for the first", async () => {
    const inspection = inspectionOf(about("label-conflict", "cat/a.jpg"), about("exact-duplicate", "cat/a.jpg"));
    const { moved } = await quarantine(inspection, { now });
    expect(moved.map(({ from, kind }) => [from, kind])).toEqual([["cat/a.jpg", "label-conflict"]]);
  });

  it("moves the usual kinds only, or those that are asked for", async () => {
    const inspection = inspectionOf(about("near-duplicate", "cat/a.jpg"), about("truncated", "cat/old/c.jpg"));
    expect((await quarantine(inspection, { now, kinds: ["near-duplicate"] })).moved).toMatchObject([
      { from: "cat/a.jpg" },
    ]);
    const { folder, moved } = await quarantine(inspectionOf(about("truncated", "cat/old/c.jpg")), { now });
    expect(moved).toMatchObject([{ from: "cat/old/c.jpg" }]);
    expect(folder).toMatch(/05-2$/);
  });

  it("makes no folder where there is nothing to move", async () => {
    expect(await quarantine(inspectionOf(about("near-duplicate", "cat/a.jpg")), { now })).toEqual({
      moved: [],
      left: [],
    });
    expect(await readdir(root)).toEqual(["my pets"]);
  });

  it("leaves links and what is no file, and says so", async () => {
    await symlink("a.jpg", join(source, "cat", "link.jpg"));
    const findings = [about("outside-source", "cat/link.jpg", "cat/old", "../x.jpg")];
    const { left, moved } = await quarantine(inspectionOf(...findings), { now, kinds: ["outside-source"] });
    expect(moved).toEqual([]);
    expect(left).toEqual([
      { id: "cat/link.jpg", reason: "a symbolic link" },
      { id: "cat/old", reason: "no file" },
      { id: "../x.jpg", reason: "a name that leads out of the folder" },
    ]);
  });

  it.each([
    ["was changed", () => writeFile(join(source, "cat/old/c.jpg"), "another")],
    ["is gone", () => rm(join(source, "cat/old/c.jpg"))],
  ])("moves nothing where a picture %s since it was inspected", async (_, change) => {
    await change();
    await expect(quarantine(three(), { now })).rejects.toMatchObject({ code: "SOURCE_CHANGED" });
    expect(Object.keys(await filesIn(source))).toContain("cat/a.jpg");
    expect(await readdir(root)).toEqual(["my pets"]);
  });

  it("refuses sources that are no folder, and a quarantine inside the pictures", async () => {
    const archive = { ...three(), source: { kind: "archive", location: "pets.zip" } as const };
    await expect(quarantine(archive)).rejects.toMatchObject({
      code: "DATASET_SOURCE_UNKNOWN",
      message: "Expected a folder of pictures; got a source of kind 'archive' (pets.zip)",
      hint: "make it one with: pawprint data import pets.zip --to data/raw",
    });
    await expect(quarantine(three(), { to: join(source, "bad") })).rejects.toMatchObject({
      code: "FILE_WRITE_FAILED",
      required: "a quarantine outside the pictures' folder",
    });
  });

  it("says how to put back what was moved before it was interrupted", async () => {
    const controller = new AbortController();
    const files: MoveFileSystem = {
      ...nodeFiles,
      rm: async (path) => {
        await rm(path, { force: true });
        if (String(path).startsWith(source + sep)) controller.abort(interruption("SIGINT"));
      },
    };
    const error: unknown = await quarantine(three(), { now, files, signal: controller.signal }).catch(
      (caught: unknown) => caught,
    );
    const folder = join(root, "my pets.quarantine", stamp);
    expect(error).toMatchObject({
      code: "INTERRUPTED",
      hint: `put back what was moved with: pawprint data restore ${shellPath(folder)}`,
    });
    expect(await restoreQuarantine(folder)).toMatchObject({ restored: 1, alreadyThere: 2, refused: [] });
    expect(await filesIn(source)).toEqual(contents);
  });
});

describe("restoring a quarantine", () => {
  it("puts every picture back, and does nothing when it is run again", async () => {
    const { folder } = await quarantine(three(), { now });
    expect(await restoreQuarantine(folder!)).toEqual({ source, restored: 3, alreadyThere: 0, refused: [] });
    expect(await filesIn(source)).toEqual(contents);
    expect(await readdir(folder!)).toEqual(["log.jsonl"]);
    expect(await restoreQuarantine(folder!)).toEqual({ source, restored: 0, alreadyThere: 3, refused: [] });
  });

  it("makes folders anew, and follows source and quarantine to another place", async () => {
    await quarantine(three(), { now });
    await nodeFiles.rmdir(join(source, "cat", "old"));
    const elsewhere = join(root, "elsewhere");
    await mkdir(elsewhere);
    for (const name of ["my pets", "my pets.quarantine"])
      await nodeFiles.rename(join(root, name), join(elsewhere, name));
    await restoreQuarantine(join(elsewhere, "my pets.quarantine", stamp));
    expect(await filesIn(join(elsewhere, "my pets"))).toEqual(contents);
  });

  it("never overwrites, and keeps what was changed, what is lost, and goes on with the rest", async () => {
    const { folder } = await quarantine(three(), { now });
    await writeFile(join(source, "cat/a.jpg"), "new");
    await writeFile(join(folder!, "pictures/cat/b\n.jpg"), "changed");
    expect(await restoreQuarantine(folder!)).toEqual({
      source,
      restored: 1,
      alreadyThere: 0,
      refused: [
        { id: "cat/a.jpg", reason: "another file in its place" },
        { id: "cat/b\n.jpg", reason: "a file that was changed in quarantine" },
      ],
    });
    expect((await filesIn(source))["cat/a.jpg"]).toBe("new");
    expect((await filesIn(folder!))["pictures/cat/a.jpg"]).toBe("A");
    await rm(join(folder!, "pictures/cat/b\n.jpg"));
    expect((await restoreQuarantine(folder!)).refused[1]).toEqual({
      id: "cat/b\n.jpg",
      reason: "no file in quarantine or in its place",
    });
  });

  it.each([
    ["", 1, "a JSON object"],
    ["[]", 1, "a head of format"],
    ['{"format":"pawprint-quarantine-1","source":".."}\n{"from":"a"}', 2, "from, to, kind, detail and sha256"],
    [
      `{"format":"pawprint-quarantine-1","source":"../p"}\n${JSON.stringify({ from: "../x", to: "pictures/x", kind: "corrupt", detail: "", sha256: sha256("") })}`,
      2,
      "paths that stay inside their folders",
    ],
    [
      `{"format":"pawprint-quarantine-1","source":"../p"}\n${JSON.stringify({ from: "x", to: "/etc/x", kind: "corrupt", detail: "", sha256: sha256("") })}`,
      2,
      "paths that stay inside their folders",
    ],
  ])("refuses the log %j", async (log, line, required) => {
    await writeFile(join(root, "log.jsonl"), log);
    const error: unknown = await restoreQuarantine(root).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "MANIFEST_INVALID", where: `${join(root, "log.jsonl")}, line ${line}` });
    expect((error as AppError).message).toContain(required);
  });

  it("refuses a folder that is no quarantine", async () => {
    await expect(restoreQuarantine(source)).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
      hint: "name the folder that 'pawprint data check FOLDER --fix' printed",
    });
  });
});

class Killed extends Error {}

/**
 * A file system that is there for so many calls and then gone, as for a process that is killed: the
 * last call may be done or not. With `isFar` the quarantine lies on another device, so that links
 * fail and files are copied.
 */
function dyingFiles(
  calls: number,
  { isFar = false, isLastDone = false } = {},
): { files: MoveFileSystem; used: () => number } {
  let used = 0;
  const limited =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      used++;
      if (used > calls) {
        const done: unknown = isLastDone && used === calls + 1 ? await call(...args) : undefined;
        if (typeof done === "object" && done !== null && "close" in done) await (done as FileHandle).close();
        throw new Killed();
      }
      return call(...args);
    };
  const linkNear: typeof link = async (from, to) => {
    const isQuarantined = (path: unknown): boolean => String(path).includes(".quarantine");
    if (isFar && isQuarantined(from) !== isQuarantined(to)) throw Object.assign(new Error("far"), { code: "EXDEV" });
    await link(from, to);
  };
  // Casts: wrapping an overloaded function keeps what it does, and TypeScript sees one of its
  // overloads.
  const files = {
    link: limited(linkNear),
    rm: limited(nodeFiles.rm),
    rename: limited(nodeFiles.rename),
    open: limited(nodeFiles.open),
    lstat: limited(nodeFiles.lstat as never),
  } as MoveFileSystem;
  return { files, used: () => used };
}

describe.each([
  { isFar: false, isLastDone: false },
  { isFar: false, isLastDone: true },
  { isFar: true, isLastDone: false },
  { isFar: true, isLastDone: true },
])("a process that is killed (%o)", (how) => {
  it("while it moves loses no picture: restoring gives the folder back, whatever the moment", async () => {
    const whole = dyingFiles(Number.POSITIVE_INFINITY, how);
    const { folder } = await quarantine(three(), { now, files: whole.files });
    await restoreQuarantine(folder!);
    expect(whole.used()).toBeGreaterThan(6);

    for (let calls = 0; calls < whole.used(); calls++) {
      await rm(join(root, "my pets.quarantine"), { recursive: true });
      await quarantine(three(), { now, files: dyingFiles(calls, how).files }).catch(() => undefined);
      const hasLog = await access(join(folder!, "log.jsonl")).then(
        () => true,
        () => false,
      );
      if (hasLog) expect(await restoreQuarantine(folder!)).toMatchObject({ refused: [] });
      expect(visible(await filesIn(source))).toEqual(contents);
    }
  });

  it("while it restores can be run again to the end, whatever the moment", async () => {
    const { folder } = await quarantine(three(), { now });
    const whole = dyingFiles(Number.POSITIVE_INFINITY, how);
    await restoreQuarantine(folder!, { files: whole.files });
    expect(whole.used()).toBeGreaterThan(5);

    for (let calls = 0; calls < whole.used(); calls++) {
      await rm(join(root, "my pets.quarantine"), { recursive: true });
      await quarantine(three(), { now });
      await restoreQuarantine(folder!, { files: dyingFiles(calls, how).files }).catch(() => undefined);
      expect(await restoreQuarantine(folder!)).toMatchObject({ refused: [] });
      expect(visible(await filesIn(source))).toEqual(contents);
    }
  });
});

/** Without the hidden leftovers of an unfinished copy, which no source takes for pictures. */
function visible(files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).filter(([path]) => !path.includes(".pawprint-")));
}
