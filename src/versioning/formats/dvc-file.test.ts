import { describe, expect, it } from "vitest";
import { type DvcFile, parseDvcFile, writeDvcFile } from "./dvc-file.ts";
import { parseDvcLock, withoutStage, writeDvcLock } from "./dvc-lock.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (text: string): DvcFile => parseDvcFile(bytes(text), "d.dvc");
const md5 = "562ee692a592790b08e880eff9046f72.dir";
const other = "9db6e789fd6c4d700667dbe370b2e2b6.dir";

describe("a .dvc file", () => {
  const text = `outs:\n- md5: ${md5}\n  size: 4\n  nfiles: 2\n  hash: md5\n  path: 'a #b'\n`;

  it("is written as it was read", () => {
    expect(writeDvcFile(read(text))).toBe(text);
  });

  it("keeps comments, order and further keys when it is edited", () => {
    const old = `# a comment\ndesc: my data\nmeta:\n    owner: "me"   # inline\nouts:\n  - path: d   # here\n    desc: >\n      two\n      lines\n    md5: ${md5}\n    labels: [x, y]\n    size: 1\n    hash: md5\n`;
    const file = read(old);
    const changed = {
      ...file,
      outs: [{ ...file.outs[0]!, hash: { md5: other, algorithm: "md5" as const }, fileCount: 2 }],
    };
    expect(writeDvcFile(changed, old)).toBe(
      `# a comment\ndesc: my data\nmeta:\n  owner: me       # inline\nouts:\n- path: d     # here\n  desc: >\n    two\n    lines\n  md5: ${other}\n  labels: [x, y]\n  size: 1\n  hash: md5\n  nfiles: 2\n`,
    );
  });

  it("of DVC 2 gets its hash last", () => {
    const old = `outs:\n- md5: ${md5}\n  size: 22\n  path: d\n`;
    const file = read(old);
    expect(file.outs[0]?.hash?.algorithm).toBe("md5-dos2unix");
    const changed = { ...file, outs: [{ ...file.outs[0]!, hash: { md5: other, algorithm: "md5" as const } }] };
    expect(writeDvcFile(changed, old)).toBe(`outs:\n- md5: ${other}\n  size: 22\n  path: d\n  hash: md5\n`);
  });

  it.each([
    ["outs:\n- path: d\n  hash: md5\n  files: []\n", "DATA_FEATURE_UNSUPPORTED"],
    ["outs:\n- path: d\n  cloud: {}\n", "DATA_FEATURE_UNSUPPORTED"],
    ["outs:\n- path: d\n  hash: sha256\n", "DATA_FEATURE_UNSUPPORTED"],
    ["outs:\n- path: d\n  unknown: 1\n", "DATA_FILE_INVALID"],
    ["outs:\n- md5: x\n  path: d\n", "DATA_FILE_INVALID"],
    ["outs: 1\n", "DATA_FILE_INVALID"],
    ["- a\n", "DATA_FILE_INVALID"],
  ])("%j is refused", (refused, code) => {
    expect(() => read(refused)).toThrowError(expect.objectContaining({ code }));
  });
});

describe("a dvc.lock", () => {
  const stage = `schema: '2.0'\nstages:\n  a:\n    cmd: x\n    params:\n      params.yaml:\n        lr: 1e-07\n        n: 1\n        x: 1.0\n    outs:\n    - path: o\n      hash: md5\n      md5: ${other.slice(0, 32)}\n      size: 2\n`;

  it("is written as it was read, with integers and floats apart", () => {
    expect(writeDvcLock(undefined, parseDvcLock(bytes(stage), "dvc.lock"))).toBe(stage);
  });

  it("keeps the stages that are not written", () => {
    const [one] = parseDvcLock(bytes(stage), "dvc.lock").values();
    const written = writeDvcLock(stage, new Map([["b", one!]]));
    expect([...parseDvcLock(bytes(written), "dvc.lock").keys()]).toEqual(["a", "b"]);
    expect(withoutStage(written, "b")).toBe(stage);
    expect(withoutStage(stage, "a")).toBeUndefined();
  });

  it("of DVC 1 is refused by name", () => {
    expect(() => parseDvcLock(bytes("a:\n  cmd: x\n"), "dvc.lock")).toThrow("without a schema, of DVC 1");
  });
});
