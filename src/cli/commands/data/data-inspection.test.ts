import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { captureContext } from "../../../../tests/support/captured-context.ts";
import { writeIdxFolder, writePictureFolder } from "../../../../tests/support/picture-folder.ts";
import { runCommand } from "../../frame/run-command.ts";

let cwd = "";
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "pawprint-check-"));
  await writePictureFolder(join(cwd, "pets"), { perClass: 5, sizePx: 24 });
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

async function run(line: string) {
  const { context, out, err } = captureContext({ cwd, now: () => Date.UTC(2026, 4, 1) });
  const exitCode = await runCommand(line.split(" "), context);
  return { exitCode, out: out(), err: err() };
}

/** A broken picture and a copy. */
async function spoil(): Promise<void> {
  await writeFile(join(cwd, "pets/red/broken.png"), "");
  await writeFile(join(cwd, "pets/red/copy.png"), await readFile(join(cwd, "pets/red/red.0.png")));
}

describe("pawprint data check", () => {
  it("finds nothing in sound pictures and ends with 0", async () => {
    const { exitCode, out } = await run("data check pets");
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^No fault was found\.\n/);
    expect(out).toContain("10 pictures, ");
    expect(out).toMatch(/Next: pawprint train --data pets\n$/);
  });

  it("ends with 1 for errors, and with --strict for warnings", async () => {
    await spoil();
    const { exitCode, out } = await run("data check pets");
    expect(exitCode).toBe(1);
    expect(out).toMatch(/^error +empty-file +1 +1 {2}red\/broken\.png: an empty file$/m);
    expect(out).toMatch(/^warning +exact-duplicate +1 +2 {2}red\/copy\.png, red\/red\.0\.png: 2 files/m);
    expect(out).toContain("12 pictures, ");
    expect(out).toMatch(/1 error, 1 warning, 0 notes/);
    expect(out).toMatch(/Next: pawprint data check pets --fix, which sets 2 pictures aside\n$/);
    await rm(join(cwd, "pets/red/broken.png"));
    expect((await run("data check pets")).exitCode).toBe(0);
    expect((await run("data check pets --strict")).exitCode).toBe(1);
  });

  it("names what to do first where no picture could be trained on", async () => {
    await rm(join(cwd, "pets"), { recursive: true });
    for (const label of ["red", "blue"]) {
      await mkdir(join(cwd, "pets", label), { recursive: true });
      for (let at = 0; at < 7; at++)
        await writeFile(join(cwd, "pets", label, `${at}.jpg`), `no picture ${label} ${at}`);
    }
    const { exitCode, out } = await run("data check pets");
    expect(exitCode).toBe(1);
    expect(out).not.toContain("pawprint train");
    expect(out).toMatch(/Next: set them aside: .* Then again: pawprint data check pets\n$/);
  });

  it("names what to do about errors that --fix does not move", async () => {
    await rm(join(cwd, "pets/red"), { recursive: true });
    const { exitCode, out } = await run("data check pets");
    expect(exitCode).toBe(1);
    expect(out).toMatch(/Next: add pictures of another class\. Then again: pawprint data check pets\n$/);
  });

  it("draws its lines where they are asked for", async () => {
    const kinds = async (line: string): Promise<unknown[]> =>
      JSON.parse((await run(`${line} --json`)).out).findings.map(({ kind }: { kind: string }) => kind);
    expect(await kinds("data check pets --min-side 25")).toEqual(Array.from({ length: 10 }, () => "too-small"));
    await rm(join(cwd, "pets/red/red.0.png"));
    expect(await kinds("data check pets")).toEqual([]);
    expect(await kinds("data check pets --imbalance 1.2")).toEqual(["class-imbalance"]);
  });

  it("gives JSON, with every picture's facts where they are asked for", async () => {
    await spoil();
    const { exitCode, out } = await run("data check pets --json");
    const inspection = JSON.parse(out);
    expect(exitCode).toBe(1);
    expect(inspection).toMatchObject({
      source: { kind: "folder" },
      pictures: 12,
      classes: [{ label: "blue" }, { label: "red", pictures: 7 }],
      findings: [
        { kind: "empty-file", ids: ["red/broken.png"], offenders: ["red/broken.png"], detail: "an empty file" },
        { kind: "exact-duplicate", offenders: ["red/red.0.png"] },
      ],
    });
    expect(inspection).not.toHaveProperty("facts");
    expect(JSON.parse((await run("data check pets --json --facts")).out).facts).toHaveLength(12);
  });

  it("sets pictures aside, and data restore puts them back", async () => {
    await spoil();
    const before = await readdir(join(cwd, "pets"), { recursive: true });
    const { exitCode, out } = await run("data check pets --fix");
    const folder = "pets.quarantine/2026-05-01T00-00-00";
    expect(exitCode).toBe(0);
    expect(out).toContain(`Moved  2 pictures to ${folder}; its log.jsonl names each, and why\n`);
    expect(out).toMatch(new RegExp(`Undo   pawprint data restore ${folder}\n$`));
    expect(await readdir(join(cwd, folder, "pictures/red"))).toEqual(["broken.png", "red.0.png"]);
    expect((await run("data check pets")).out).toMatch(/^No fault was found/);

    expect(await run(`data restore ${folder}`)).toEqual({
      exitCode: 0,
      out: "Restored  2 pictures to pets\n",
      err: "",
    });
    expect(await readdir(join(cwd, "pets"), { recursive: true })).toEqual(before);
    expect((await run(`data restore ${folder}`)).out).toBe("Restored  0 pictures to pets; 2 stood there already\n");
  });

  it("moves only the kinds that are named; what stays is still an error", async () => {
    await spoil();
    const { exitCode, out } = await run("data check pets --fix --kinds exact-duplicate --json");
    expect(exitCode).toBe(1);
    expect(JSON.parse(out).quarantine).toMatchObject({
      moved: [{ from: "red/red.0.png", kind: "exact-duplicate" }],
      left: [],
    });
  });

  it("writes a page that holds all it shows, and replaces one only with --force", async () => {
    await spoil();
    const { out } = await run("data check pets --report check.html");
    expect(out).toContain("Report  check.html\n");
    const html = await readFile(join(cwd, "check.html"), "utf8");
    expect(html).toMatch(/^<!doctype html>/i);
    expect(html).toContain("red/broken.png");
    expect(html).toContain("data:image/jpeg;base64,");
    expect((await run("data check pets --report check.html")).err).toMatch(/^error FILE_EXISTS: Expected /);
    expect((await run("data check pets --report check.html --force")).exitCode).toBe(1);
  });

  it.each([
    ["data check", 2, "CLI_USAGE: Expected SOURCE ("],
    ["data check nothing", 1, "FILE_NOT_FOUND: "],
    ["data check pets --kinds truncated", 2, "CLI_USAGE: Expected --fix beside --kinds; got --kinds alone"],
    ["data check pets --fix --kinds truncatd", 2, 'CLI_USAGE: Expected a kind of finding; got "truncatd"'],
    ["data check digits --fix", 1, "DATASET_SOURCE_UNKNOWN: Expected a folder of pictures; got a source of kind"],
    ["data check pets --min-side 0", 2, "CLI_USAGE: Expected a whole number of at least 1 for --min-side"],
    ["data restore pets", 1, "FILE_NOT_FOUND: Expected a quarantine: a folder with a log.jsonl; got none"],
  ])("refuses %o", async (line, exitCode, error) => {
    await writeIdxFolder(join(cwd, "digits"));
    const answer = await run(line);
    expect(answer.err).toContain(`error ${error}`);
    expect(answer.exitCode).toBe(exitCode);
  });

  it("names the nearest kind for one that is mistyped", async () => {
    expect((await run("data check pets --fix --kinds truncatd")).err).toContain("hint: did you mean truncated?");
  });
});

describe("pawprint data stats", () => {
  it("shows classes, colours, sizes, formats and modes", async () => {
    await mkdir(join(cwd, "more"));
    await spoil();
    const { exitCode, out } = await run("data stats pets");
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^12 pictures, .*, 2 classes; 1 cannot be decoded \(why: pawprint data check SOURCE\)\n/);
    expect(out).toMatch(/^red +7 +58\.3 % {2}█+$/m);
    expect(out).toMatch(/^blue +\d+\.\d +█.*rgb\(\d+, \d+, \d+\)$/m);
    expect(out).toMatch(/^width +24 +24 +24$/m);
    expect(out).toMatch(/^png +11 +100\.0 %/m);
    expect(out).toMatch(/^rgb +11 +100\.0 %/m);
  });

  it("gives the same as JSON, of digits too", async () => {
    await writeIdxFolder(join(cwd, "digits"));
    const statistics = JSON.parse((await run("data stats digits --json")).out);
    expect(statistics).toMatchObject({
      source: { kind: "idx" },
      pictures: 50,
      unreadable: 0,
      classes: [
        { label: "0", pictures: 25, bySplit: { train: 20, test: 5 } },
        { label: "1", colourfulnessMean: 0 },
      ],
      formats: { pixels: 50 },
      modes: { grey: 50 },
      sizes: { width: { min: 8, median: 8, max: 8 } },
    });
  });
});

describe("pawprint data restore", () => {
  it("ends with 1 where a picture could not be put back", async () => {
    await spoil();
    const { quarantine } = JSON.parse((await run("data check pets --fix --json")).out);
    await writeFile(join(cwd, "pets/red/broken.png"), "mended");
    const answer = await run(`data restore ${quarantine.folder}`);
    expect(answer.exitCode).toBe(1);
    expect(answer.out).toBe(
      "Restored  1 picture to pets\nNot put back: 1\n  red/broken.png: another file in its place\n",
    );
  });
});
