import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { parseConfig, writeConfig } from "./config-text.ts";
import { readDvcConfig } from "./dvc-config.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder("config");
  for (const name of ["global", "system", ".dvc"]) mkdirSync(join(folder, name));
  vi.stubEnv("DVC_GLOBAL_CONFIG_DIR", join(folder, "global"));
  vi.stubEnv("DVC_SYSTEM_CONFIG_DIR", join(folder, "system"));
});
afterEach(() => void vi.unstubAllEnvs());

const read = (text: string, local?: string) => {
  writeFileSync(join(folder, ".dvc/config"), text);
  if (local !== undefined) writeFileSync(join(folder, ".dvc/config.local"), local);
  return readDvcConfig(join(folder, ".dvc"));
};

describe("a configuration's text", () => {
  it("has values as configobj reads them, and is written as configobj writes it", () => {
    const lines: Readonly<Record<string, readonly [string | readonly string[], string]>> = {
      "a ; comment": ["a ; comment", "a ; comment"],
      "a # comment": ["a", "a"],
      '"a # b"': ["a # b", '"a # b"'],
      "'a' # c": ["a", "a"],
      "reflink,copy": [["reflink", "copy"], "reflink, copy"],
      '"reflink,copy"': ["reflink,copy", '"reflink,copy"'],
      "copy,": [["copy"], "copy,"],
      "it's": ["it's", "it's"],
      "'''it's \"b\"'''": ['it\'s "b"', "'''it's \"b\"'''"],
      '"a"': ["a", "a"],
      "": ["", '""'],
      "a = b": ["a = b", "a = b"],
    };
    for (const [text, [value, written]] of Object.entries(lines)) {
      const sections = parseConfig(`[core]\nKey=${text}\n`, "config");
      expect(sections.get("core")?.get("key"), text).toEqual(value);
      expect(writeConfig(sections), text).toBe(`[core]\n    key = ${written}\n`);
    }
  });

  it.each([
    ["a key outside of a section", "a = b"],
    ["a section twice", "[core]\n[Core]"],
    ["a key twice", "[core]\nremote = a\nremote = a"],
    ["a section in a section", "[core]\n[[x]]"],
    ["a quote without its end", '[core]\nremote = "a'],
  ])("is refused with %s", (_, text) => {
    expect(() => parseConfig(text, "config")).toThrow(expect.objectContaining({ code: "DATA_CONFIG_INVALID" }));
  });

  it("shows no value where it is refused", () => {
    expect(() => parseConfig('[core]\nsecret_access_key = "hush', "config")).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("hush") }),
    );
  });
});

describe("a repository's configuration", () => {
  it("is that of four files, the nearest first, with paths from the folder of each", async () => {
    writeFileSync(join(folder, "system/config"), "[cache]\n    dir = shared\n    type = copy\n");
    writeFileSync(
      join(folder, "global/config"),
      "[cache]\n    type = hardlink,symlink\n['remote \"g\"']\n    url = g\n",
    );
    const config = await read(
      '[core]\n    remote = S\n[remote "S"]\n    url = s3://b/p\n[\'remote "up"\']\n    url = ../up\n',
      "['remote \"s\"']\n    secret_access_key = hush\n",
    );
    expect(config.core).toEqual({ remote: "s", isWithoutGit: false, autostage: false, hardlinkLock: false });
    expect(config.cache).toEqual({
      folder: join(folder, "system/shared"),
      linkTypes: ["hardlink", "symlink"],
      isShared: false,
    });
    expect([...config.remotes.values()].map(({ name, url }) => [name, url])).toEqual([
      ["g", join(folder, "global/g")],
      ["s", "s3://b/p"],
      ["up", join(folder, "up")],
    ]);
    expect(config.remotes.get("s")?.settings).toEqual(new Map([["secret_access_key", "hush"]]));
  });

  it("has remotes behind remotes, in any order, but not in a circle", async () => {
    const { remotes } = await read(
      "['remote \"a\"']\nurl = remote://b/x\njobs = 2\n['remote \"b\"']\nurl = s3://k/p\nregion = eu\n",
    );
    expect(remotes.get("a")).toEqual({
      name: "a",
      url: "s3://k/p/x",
      settings: new Map([
        ["region", "eu"],
        ["jobs", "2"],
      ]),
    });
    const circle = read("['remote \"a\"']\nurl = remote://b/x\n['remote \"b\"']\nurl = remote://a/y\n");
    await expect(circle).rejects.toMatchObject({ code: "DATA_CONFIG_INVALID" });
  });

  it("takes settings of DVC alone as they are", async () => {
    const text = "[core]\nanalytics = false\ncheck_update = false\n[studio]\ntoken = hush\n[feature]\nx = 1\n";
    await expect(read(text)).resolves.toMatchObject({ core: { isWithoutGit: false } });
  });

  it.each([
    ["DATA_CONFIG_INVALID", "[cache]\ntpye = copy\n", "'type'"],
    ["DATA_CONFIG_INVALID", "[cahce]\ntype = copy\n", "cache"],
    ["DATA_CONFIG_INVALID", "['remote \"s\"']\nurl = s3://b\nendpoint_url = http://x\n", "endpointurl"],
    ["DATA_CONFIG_INVALID", "[cache]\ntype = soft\n", "soft"],
    ["DATA_CONFIG_INVALID", "['remote \"s\"']\nurl = a, b\n", "comma"],
    ["DATA_CONFIG_INVALID", "['remote \"s\"']\njobs = 2\n", "url"],
    ["DATA_FEATURE_UNSUPPORTED", "[cache]\ns3 = other\n", "cache.s3"],
    ["DATA_FEATURE_UNSUPPORTED", "[parsing]\nbool = boolean_optional\n", "parsing.bool"],
  ])("refuses by name, %s: %s", async (code, text, named) => {
    const failure = await read(text).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code });
    expect(String(failure) + String((failure as { hint?: string }).hint)).toContain(named.replaceAll("'", ""));
  });
});
