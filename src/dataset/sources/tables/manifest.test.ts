import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { awkwardFileNames, describeSource, plantPictures } from "../../../../tests/contracts/source.ts";
import { openManifest } from "./manifest.ts";

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
async function listOf(name: string, text: string | Uint8Array): Promise<Record<string, string>> {
  const source = await openManifest(await put(name, text));
  const found: Record<string, string> = {};
  for await (const { id, label, split } of source.samples()) found[id] = split ? `${split}: ${label}` : label;
  return found;
}

const refusalOf = (name: string, text: string | Uint8Array): Promise<unknown> =>
  listOf(name, text).then(
    () => undefined,
    (error: unknown) => error,
  );

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

  it("counts a picture once that it lists twice with one label", async () => {
    expect(await listOf("l.csv", "path,label\na.jpg,cat\n./a.jpg, cat\n")).toEqual({ "a.jpg": "cat" });
  });

  it.each([
    [
      "with two labels",
      "a.jpg,cat\nb.jpg,dog\n./a.jpg,dog",
      4,
      "one label and one split for a picture; got 'a.jpg' as 'cat' in labels.csv:2 and 'dog' here",
    ],
    [
      "in two splits",
      "a.jpg,cat,train\na.jpg,cat,test",
      3,
      "one label and one split for a picture; got 'a.jpg' as 'cat' in train in labels.csv:2 and 'cat' in test here",
    ],
    ["an absolute path", "/etc/passwd,cat", 2, "'/etc/passwd': an absolute path"],
    ["a path of a drive", "C:\\pets\\a.jpg,cat", 2, "an absolute path"],
    ["an address", "https://x.org/a.jpg,cat", 2, "'https://x.org/a.jpg': it is an address"],
    ["a path that leads upwards", "a.jpg,cat\ncat/../../b.jpg,cat", 3, "a relative path that leads upwards"],
    ["no path", ",cat", 2, "the path of a file in the manifest's folder; got ''"],
    ["a folder", "cat/,cat", 2, "the path of a file in the manifest's folder; got 'cat/'"],
    ["an empty label", "a.jpg, ", 2, "a label in each line; got an empty label"],
    ["a long label", `a.jpg,${"x".repeat(1000)}`, 2, `'${"x".repeat(40)}...' of 1000 bytes, more than 255`],
    ["an unknown split", "a.jpg,cat,trian", 2, "train, val or test as split, or nothing; got 'trian'"],
    ["a field too many", "a.jpg,cat\nb.jpg,cat,train,x", 3, "as in the header; got 4"],
    ["a quote inside a field", 'a.jpg,cat\nb"x".jpg,cat', 3, "a line of CSV; got Invalid Opening Quote"],
    ["a quote that is not closed", 'a.jpg,cat\n"b.jpg,cat', 3, "a line of CSV; got Quote Not Closed"],
    ["a line without an end", `a.jpg,cat\n${"x".repeat(70_000)}`, 3, "a line of CSV; got Max Record Size"],
  ])("that lists %s is refused with the line", async (_, lines, line, message) => {
    const header = lines.split("\n")[0]!.split(",").length === 3 ? "path,label,split" : "path,label";
    expect(await refusalOf("labels.csv", `${header}\n${lines}`)).toMatchObject({
      code: "MANIFEST_INVALID",
      where: `labels.csv:${line}`,
      message: expect.stringContaining(message),
    });
  });

  it.each([
    [
      "no header",
      "a.jpg,cat\n",
      "a header line with the columns path|file|filename|image and label|class|target; got 'a.jpg, cat'",
    ],
    ["two columns for one thing", "file,label,class\na.jpg,1,cat\n", "got 'label' and 'class', which mean the same"],
    [
      "another encoding",
      Buffer.from("path,label\ncaf\xe9.jpg,cat\n", "latin1"),
      "text in UTF-8; got 'caf\ufffd.jpg cat'",
    ],
  ])("in CSV with %s is refused", async (_, text, message) => {
    expect(await refusalOf("labels.csv", text)).toMatchObject({
      code: "MANIFEST_INVALID",
      where: expect.stringMatching(/^labels\.csv:[12]$/),
      message: expect.stringContaining(message),
    });
  });

  it.each([
    ["what is no JSON", "{path:1}", "a JSON object in each line; got '{path:1}'"],
    ["a list", "[1]", "a JSON object in each line; got '[1]'"],
    ["null", "null", "a JSON object in each line; got 'null'"],
    [
      "no label",
      '{"path":"b.jpg"}',
      "an object with the keys path|file|filename|image and label|class|target; got 'path'",
    ],
    ["a number as path", '{"path":1,"label":"cat"}', "text as path; got '1'"],
    ["true as label", '{"path":"b.jpg","label":true}', "text as label; got 'true'"],
    ["null as label", '{"path":"b.jpg","label":null}', "text as label; got 'null'"],
    ["half a character as label", '{"path":"b.jpg","label":"\\ud83d"}', "with a line break or a control character"],
    ["a line without an end", `"${"x".repeat(70_000)}`, "at most 65536 bytes in a line"],
  ])("in JSON lines that holds %s is refused with the line", async (_, line, message) => {
    expect(await refusalOf("l.jsonl", `{"path":"a.jpg","label":"cat"}\n\n${line}\n`)).toMatchObject({
      code: "MANIFEST_INVALID",
      where: "l.jsonl:3",
      message: expect.stringContaining(message),
    });
  });

  it("finds out that a file is missing, or a link leads out, when it reads it", async () => {
    const outside = join(await mkdtemp(join(tmpdir(), "pawprint-outside-")), "secret.jpg");
    await writeFile(outside, "secret");
    await put("a.jpg");
    await symlink(outside, join(folder, "out.jpg"));
    await symlink("a.jpg", join(folder, "in.jpg"));
    const source = await openManifest(await put("l.csv", "path,label\na.jpg,1\nin.jpg,1\nout.jpg,2\ngone.jpg,2"));
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
    expect(found).toEqual(["content of a.jpg", "content of a.jpg", "IMAGE_UNREADABLE", "FILE_NOT_FOUND"]);
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
