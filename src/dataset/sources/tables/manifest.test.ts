import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { awkwardFileNames, describeSource, plantPictures } from "../../../../tests/contracts/source.ts";
import type { SourceOptions } from "../source-options.ts";
import { openManifest } from "./manifest.ts";
import { wayBelow } from "./manifest-paths.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pawprint-manifest-"));
});

async function put(path: string, content: string | Uint8Array = `content of ${path}`): Promise<string> {
  const target = join(folder, path);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, content);
  return target;
}

/** `id -> split: label` of each picture, in order. */
async function listOf(
  name: string,
  text: string | Uint8Array,
  options: SourceOptions = {},
): Promise<Record<string, string>> {
  const source = await openManifest(await put(name, text), options);
  const found: Record<string, string> = {};
  for await (const { id, label, split } of source.samples()) found[id] = split ? `${split}: ${label}` : label;
  return found;
}

const refusalOf = (name: string, text: string | Uint8Array): Promise<unknown> =>
  listOf(name, text).then(
    () => undefined,
    (error: unknown) => error,
  );

/** `id: reason [code]` of each line that is not used, beside good ones. */
async function skippedOf(name: string, text: string | Uint8Array, options: SourceOptions = {}): Promise<string[]> {
  const { skipped } = await openManifest(await put(name, text), options);
  return skipped.map(({ id, reason, code }) => `${id}: ${reason} [${code}]`);
}

describe("a manifest", () => {
  it("in CSV gives paths with labels and splits, through quotes, line breaks, a byte-order mark and Windows line ends", async () => {
    const text =
      '\ufeffpath,width,label,split\r\n"cat/a, ""b"".jpg",3,cat,train\r\n\r\n"two\nlines.jpg",4, guinea pig ,Validation\r\ncat\\c.jpg,5,cat,\r\n';
    expect(await listOf("labels.csv", text)).toEqual({
      'cat/a, "b".jpg': "train: cat",
      "two\nlines.jpg": "val: guinea pig",
      "cat/c.jpg": "cat",
    });
  });

  it.each([
    ["labels.tsv", "Image\tClass\na b.jpg\tcat\nc,d.jpg\tdog"],
    ["labels.jsonl", '{"file":"a b.jpg","target":"cat"}\n\n{"filename":"c,d.jpg","class":"dog","split":null}\r\n'],
    ["labels.ndjson", '\ufeff{"path":"./a b.jpg","label":"cat","more":[1]}\n{"path":"x/../c,d.jpg","label":"dog"}'],
    ["labels.CSV", 'target,filename\ncat,a b.jpg\ndog,"c,d.jpg"'],
  ])("is read as its name says, under the names that are common (%s)", async (name, text) => {
    expect(await listOf(name, text)).toEqual({ "a b.jpg": "cat", "c,d.jpg": "dog" });
  });

  it("takes numbers for labels in JSON", async () => {
    expect(await listOf("l.jsonl", '{"path":"a.jpg","label":7}\n{"path":"b.jpg","label":0.5}')).toEqual({
      "a.jpg": "7",
      "b.jpg": "0.5",
    });
  });

  it("guesses no key of an object: lines may differ", async () => {
    const text =
      '{"path":"a.jpg","label":"cat"}\n{"path":"b.jpg","source":"web"}\n{"path":"c.jpg","id":7,"split":"train"}';
    expect(await listOf("l.jsonl", text)).toEqual({ "a.jpg": "cat" });
    expect(await skippedOf("l.jsonl", text)).toHaveLength(2);
  });

  it("does not lose a character that is cut off at the end of the file", async () => {
    const bytes = Buffer.from("path,label\na.jpg,cat\nb.jpg,caf\xe9", "latin1");
    expect(await listOf("l.csv", bytes)).toEqual({ "a.jpg": "cat" });
    expect(await skippedOf("l.csv", bytes)).toEqual([expect.stringContaining("line 3: text that is not UTF-8")]);
  });

  it("takes the character that stands for what is not UTF-8 where it is written as such", async () => {
    expect(await listOf("l.csv", "path,label\na.jpg,\ufffd cat\nb.jpg,dog\n")).toEqual({
      "a.jpg": "\ufffd cat",
      "b.jpg": "dog",
    });
  });

  it("counts a picture once that it lists twice with one label", async () => {
    expect(await listOf("l.csv", "path,label\na.jpg,cat\n./a.jpg, cat\n")).toEqual({ "a.jpg": "cat" });
  });

  it.each([
    [
      "an absolute path",
      "/etc/passwd,cat",
      "l.csv:3: line 3: '/etc/passwd', an absolute path outside the manifest's folder; give the folder that holds all pictures as `root`",
    ],
    ["a path of a drive", "C:\\pets\\a.jpg,cat", "an absolute path outside the manifest's folder"],
    ["an address", "https://x.org/a.jpg,cat", "'https://x.org/a.jpg', which is an address and no file"],
    ["a path that leads upwards", "cat/../../b.jpg,cat", "'cat/../../b.jpg', a relative path that leads upwards"],
    ["no path", ",cat", "l.csv:3: line 3: no path"],
    ["a folder", "cat/,cat", "'cat/', which is a folder and no file"],
    ["an empty label", "a.jpg, ", "a.jpg: line 3: an empty label [DATASET_LABEL_MISSING]"],
    ["a long label", `a.jpg,${"x".repeat(1000)}`, `'${"x".repeat(40)}...' of 1000 bytes, more than 255`],
    ["an unknown split", "a.jpg,cat,trian", "a.jpg: line 3: 'trian' as split instead of train, val, test or nothing"],
    [
      "a field too many",
      "b.jpg,cat,train,x",
      "l.csv:3: line 3: 4 fields instead of 3 as in the header [MANIFEST_INVALID]",
    ],
    ["a field too few", "b.jpg", "line 3: 1 fields instead of 2 as in the header"],
    ["a quote inside a field", 'b"x".jpg,cat', "line 3: a quote inside a field"],
    ["a quote behind a field", '"b"x.jpg,cat', "line 3: a quote inside a field"],
    ["a quote that is not closed", '"b.jpg,cat', "line 3: a quote that is not closed"],
    ["a line without an end", `${"x".repeat(200_000)},cat`, "line 3: a line of more than 65536 characters"],
    [
      "another encoding",
      Buffer.from("caf\xe9.jpg,cat", "latin1"),
      "line 3: text that is not UTF-8; save the file as UTF-8",
    ],
  ])("skips a line with %s, with its number, and takes all others", async (_, line, reason) => {
    const columns = line.toString().split(",").length >= 3 ? 3 : 2;
    const row = (path: string): string => [path, "dog", "val"].slice(0, columns).join(",");
    const header = ["path", "label", "split"].slice(0, columns).join(",");
    const more = Array.from({ length: 200 }, (_, at) => row(`${at}.jpg`));
    const text = Buffer.concat([
      Buffer.from(`${header}\n${row("one.jpg")}\n`),
      Buffer.from(line),
      Buffer.from(`\n${[row("two.jpg"), ...more].join("\n")}`),
    ]);
    const found = Object.keys(await listOf("l.csv", text));
    expect(found).toHaveLength(202);
    expect(found.slice(0, 2)).toEqual(["one.jpg", "two.jpg"]);
    expect(await skippedOf("l.csv", text)).toEqual([expect.stringContaining(reason)]);
  });

  it("names both lines that contradict each other, and does not use the picture", async () => {
    const text =
      "path,label,split\na.jpg,cat,train\nb.jpg,dog,\n./a.jpg,dog,train\nc.jpg,cat,train\nc.jpg,cat,test\na.jpg,cow,";
    expect(await listOf("l.csv", text)).toEqual({ "b.jpg": "dog" });
    expect(await skippedOf("l.csv", text)).toEqual([
      "a.jpg: 'cat' in train in line 2 and 'dog' in train in line 4 [MANIFEST_INVALID]",
      "c.jpg: 'cat' in train in line 5 and 'cat' in test in line 6 [MANIFEST_INVALID]",
    ]);
  });

  it("without a line that can be used is refused with the first reason", async () => {
    expect(await refusalOf("l.csv", "path,label\n/a.jpg,cat\nb.jpg,\n")).toMatchObject({
      code: "MANIFEST_INVALID",
      message: expect.stringMatching(
        /^Expected a manifest of lines that can be used; got 2 faulty ones, the first in line 2: '\/a.jpg', an absolute path/,
      ),
    });
    expect(await refusalOf("l.csv", "path,label\na.jpg,cat\na.jpg,dog\n")).toMatchObject({
      message: expect.stringContaining(
        "got 1 faulty ones, the first in 'a.jpg' is 'cat' in line 2 and 'dog' in line 3",
      ),
    });
    const many = `path,label\na.jpg,cat\n${"b.jpg\n".repeat(100_001)}`;
    expect(await refusalOf("l.csv", many)).toMatchObject({
      message: expect.stringContaining("got more than 100000 faulty ones, the first in line 3: 1 fields instead of 2"),
    });
  });

  it.each([
    ["semicolons, as Excel writes them in Europe", "path;label;width\r\na, b.jpg;cat;1,5\r\n;;\r\n"],
    ["Excel's own line about the delimiter", "sep=;\r\npath;label\r\na, b.jpg;cat\r\n"],
    ["tabs under the name of a CSV", "path\tlabel\na, b.jpg\tcat\n"],
    [
      "UTF-16, as Excel's Unicode text",
      Buffer.concat([Buffer.of(0xff, 0xfe), Buffer.from("path\tlabel\r\na, b.jpg\tcat\r\n", "utf16le")]),
    ],
    [
      "UTF-16 of the other order",
      Buffer.concat([Buffer.of(0xfe, 0xff), Buffer.from("path\tlabel\na, b.jpg\tcat", "utf16le").swap16()]),
    ],
    ["line ends of old Macs", 'path,label\r"a, b.jpg",cat\r'],
    ["empty fields at the end", 'path,label\n"a, b.jpg",cat,,\n'],
    ["columns of other names", '"Image_ID",Breed\n"a, b.jpg",cat\n'],
    ["a column that is known beside one that is not", 'what,class\n"a, b.jpg",cat\n'],
    ["an id beside a path", 'id,file_name,label_name\n7,"a, b.jpg",cat\n'],
  ])("may have %s", async (_, text) => {
    expect(await listOf("l.csv", text)).toEqual({ "a, b.jpg": "cat" });
    expect(await skippedOf("l.csv", text)).toEqual([]);
  });

  it("may name pictures without their extension, as Kaggle's tables do", async () => {
    for (const path of ["train/1.jpg", "train/2.png", "train/2.PNG", "train/3", "train/img.0001.jpeg"]) await put(path);
    const text = "id,breed\n1,cat\n2,dog\n3,cat\nimg.0001,dog\n1.jpg,cat\n4,dog";
    const options = { root: join(folder, "train") };
    expect(await listOf("l.csv", text, options)).toEqual({
      "1.jpg": "cat",
      "3": "cat",
      "img.0001.jpeg": "dog",
      "4": "dog",
    });
    expect(await skippedOf("l.csv", text, options)).toEqual([
      "l.csv:3: line 3: '2', which could be 2.PNG or 2.png [MANIFEST_INVALID]",
    ]);
  });

  it("takes paths from the root that is given, absolute ones below it too", async () => {
    await put("images/cat/a.jpg");
    await put("images/cat/b.jpg");
    await symlink("images", join(folder, "link"));
    const text = `path,label\ncat/a.jpg,cat\n${join(folder, "images", "cat", "b.jpg")},cat\n${join(folder, "c.jpg")},dog`;
    for (const root of [join(folder, "images"), join(folder, "link")]) {
      expect(await listOf("meta/l.csv", text, { root })).toEqual({ "cat/a.jpg": "cat", "cat/b.jpg": "cat" });
      expect(await skippedOf("meta/l.csv", text, { root })).toEqual([
        expect.stringContaining("c.jpg', an absolute path outside the root [MANIFEST_INVALID]"),
      ]);
    }
    const source = await openManifest(join(folder, "meta", "l.csv"), { root: join(folder, "link") });
    const contents: string[] = [];
    for await (const sample of source.samples()) {
      if ("bytes" in sample) contents.push(Buffer.from(await sample.bytes()).toString());
    }
    expect(contents).toEqual(["content of images/cat/a.jpg", "content of images/cat/b.jpg"]);
    await expect(openManifest(join(folder, "meta", "l.csv"), { root: join(folder, "none") })).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
    });
    await expect(
      openManifest(join(folder, "meta", "l.csv"), { root: join(folder, "images/cat/a.jpg") }),
    ).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });

  it("says where its files are if they are not where its paths lead", async () => {
    await put("images/a.jpg");
    const remarksOf = async (name: string, text: string): Promise<readonly unknown[]> =>
      (await openManifest(await put(name, text))).remarks;
    const rows = "path,label\nimages/a.jpg,cat\nimages/b.jpg,cat";
    expect(await remarksOf("l.csv", rows)).toEqual([]);
    expect(await remarksOf("meta/l.csv", rows)).toMatchObject([
      {
        id: "images/a.jpg",
        reason: expect.stringContaining(`, and 'images/a.jpg' is in ${folder}`),
      },
    ]);
    expect(await remarksOf("l.csv", "id,breed\na,cat\nb,cat")).toMatchObject([
      { reason: expect.stringContaining(`, and 'a' is in ${join(folder, "images")}`) },
    ]);
    expect(await remarksOf("l.csv", "path,label\nx.jpg,cat")).toMatchObject([
      {
        reason: expect.stringMatching(/^the first listed file is not there: paths start from [^,]*$/),
      },
    ]);
  });

  it.each([
    [
      "no header",
      "a.jpg,cat,1\n",
      "a header line with the columns path|file|filename|image and label|class|target; got 'a.jpg, cat, 1'",
    ],
    ["two columns for one thing", "file,label,class\na.jpg,1,cat\n", "got 'label' and 'class', which mean the same"],
    ["a path and a split alone", "path,split\na.jpg,train\n", "got 'path, split'"],
  ])("in CSV with %s is refused", async (_, text, message) => {
    expect(await refusalOf("labels.csv", text)).toMatchObject({
      code: "MANIFEST_INVALID",
      where: "labels.csv:1",
      message: expect.stringContaining(message),
    });
  });

  it.each([
    ["PK\x03\x04 Excel", "a zip archive, or an Excel file, which is one"],
    ["\x1f\x8b gzip", "a file packed by gzip"],
    ["path,label\n\0", "a file with NUL bytes"],
    ["<!DOCTYPE html>", "a web page, perhaps of a download that asked for a login"],
  ])("that is no text is refused as what it is (%j)", async (start, what) => {
    expect(await refusalOf("labels.csv", Buffer.from(start, "latin1"))).toMatchObject({
      code: "MANIFEST_INVALID",
      message: expect.stringContaining(`Expected a text file; got ${what} (`),
    });
  });

  it.each([
    ["what is no JSON", "{path:1}", "'{path:1}' instead of a JSON object"],
    ["a list", "[1]", "'[1]' instead of a JSON object"],
    ["null", "null", "'null' instead of a JSON object"],
    ["no label", '{"path":"b.jpg"}', "'path' instead of an object with the keys path|file|filename|image and label"],
    ["a list as path", '{"path":[1],"label":"cat"}', "a list of 1 as path instead of text"],
    ["true as label", '{"path":"b.jpg","label":true}', "true as label instead of text"],
    [
      "a deeply nested path",
      `{"path":${"[".repeat(30_000)}${"]".repeat(30_000)},"label":"cat"}`,
      "a list of 1 as path instead of text",
    ],
    ["null as label", '{"path":"b.jpg","label":null}', "an empty label"],
    ["half a character as label", '{"path":"b.jpg","label":"\\ud83d"}', "with a line break or a control character"],
    ["a line without an end", `"${"x".repeat(70_000)}`, "a line of more than 65536 characters"],
    ["a NUL character", '{"path":"b\\u0000.jpg","label":"cat"}', "a path with a NUL character"],
  ])("in JSON lines skips a line with %s, with its number", async (_, line, reason) => {
    const text = `{"path":"a.jpg","label":"cat"}\n\n${line}\n{"path":"c.jpg","label":"dog"}`;
    expect(await listOf("l.jsonl", text)).toEqual({ "a.jpg": "cat", "c.jpg": "dog" });
    expect(await skippedOf("l.jsonl", text)).toEqual([expect.stringMatching(`line 3: .*${escaped(reason)}`)]);
  });

  it("finds out that a file is missing, a pipe or a folder, or a link leads out, when it reads it", async () => {
    const outside = join(await mkdtemp(join(tmpdir(), "pawprint-outside-")), "secret.jpg");
    await writeFile(outside, "secret");
    await put("a.jpg");
    await symlink(outside, join(folder, "out.jpg"));
    await symlink("a.jpg", join(folder, "in.jpg"));
    execFileSync("mkfifo", [join(folder, "pipe.jpg")]);
    await mkdir(join(folder, "folder.jpg"));
    const list = "path,label\na.jpg,1\nin.jpg,1\nout.jpg,2\ngone.jpg,2\npipe.jpg,2\nfolder.jpg,2";
    const source = await openManifest(await put("l.csv", list));
    const found: string[] = [];
    for await (const sample of source.samples()) {
      if (!("bytes" in sample)) continue;
      found.push(
        await sample.bytes().then(
          (bytes) => Buffer.from(bytes).toString(),
          ({ code }) => code,
        ),
      );
    }
    const notRegular = ["FILE_READ_FAILED", "FILE_READ_FAILED"];
    const refused = ["IMAGE_UNREADABLE", "FILE_NOT_FOUND", ...notRegular];
    expect(found).toEqual(["content of a.jpg", "content of a.jpg", ...refused]);
  });

  it("that is not there, or far too large, is refused before it is read", async () => {
    const path = await put("l.csv", "path,label\n");
    await truncate(path, 600 * 2 ** 20);
    await expect(openManifest(path)).rejects.toMatchObject({
      code: "MANIFEST_INVALID",
      message: expect.stringContaining("a manifest of at most 536.9 MB; got 629.1 MB"),
    });
    await rm(path);
    await expect(openManifest(path)).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });
});

it("the way below a folder is told as each system tells it", () => {
  expect(wayBelow("/data/pets", "/data/pets/cat/a.jpg")).toBe("cat/a.jpg");
  expect(wayBelow("C:\\Data\\pets", "c:/data/Pets/cat\\a.jpg")).toBe("cat/a.jpg");
  for (const path of ["/data/pets", "/data/pets2/a.jpg", "/data/pets/../a.jpg", "C:\\data\\a.jpg"]) {
    expect(wayBelow("/data/pets", path)).toBeUndefined();
  }
  expect(wayBelow("C:\\data", "D:\\data\\a.jpg")).toBeUndefined();
});

function escaped(text: string): string {
  return text.replace(/[|[\](){}.*+?^$\\]/g, "\\$&");
}

describe.each(["csv", "jsonl"])("a manifest in .%s", (ending) => {
  describeSource(ending, async () => {
    const root = await mkdtemp(join(tmpdir(), "pawprint-manifest-"));
    const splits = ["train", "val", "test"] as const;
    const pictures = plantPictures(awkwardFileNames).map((picture, at) => ({ ...picture, split: splits[at % 3]! }));
    for (const { id, content } of pictures) {
      await mkdir(dirname(join(root, id)), { recursive: true });
      await writeFile(join(root, id), content);
    }
    const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    const lines = pictures.map(({ id, label, split }) =>
      ending === "csv" ? `${quote(id)},${quote(label)},${split}` : JSON.stringify({ path: id, label, split }),
    );
    const path = join(root, `labels.${ending}`);
    await writeFile(path, [...(ending === "csv" ? ["path,label,split"] : []), ...lines].join("\n"));
    return {
      pictures,
      open: () => openManifest(path),
      change: () => writeFile(join(root, pictures[0]!.id), "something else"),
    };
  });
});
