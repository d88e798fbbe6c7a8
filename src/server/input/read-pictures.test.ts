import { describe, expect, it } from "vitest";
import { nothingSent, readPictures } from "./read-pictures.ts";

const read = (body: Uint8Array, contentType = "", limit = 4) => readPictures(body, { contentType, limit });

const readJson = (value: unknown, limit?: number) =>
  read(Buffer.from(typeof value === "string" ? value : JSON.stringify(value)), "application/json", limit);

async function readForm(parts: readonly (readonly [string, string | Blob])[], limit?: number) {
  const form = new FormData();
  for (const [name, value] of parts) {
    if (typeof value === "string") form.append(name, value);
    else form.append(name, value, `${name}.jpg`);
  }
  const packed = new Response(form);
  return read(Buffer.from(await packed.arrayBuffer()), packed.headers.get("content-type")!, limit);
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const fileOf = (text: string, where: string) => ({ kind: "file", bytes: Buffer.from(text), where });
const numbersOf = (values: readonly number[], where: string, shape = [values.length]) => ({
  kind: "pixels",
  pixels: Uint8Array.from(values),
  shape,
  where,
});
const nothing = { code: "REQUEST_INVALID", required: "a picture", received: "none", where: "body" };

describe("a body that is no JSON and no form", () => {
  it.each(["image/jpeg", "application/octet-stream", "application/jsonish", undefined])(
    "is one picture file under the type %s",
    async (type) => {
      const bytes = Buffer.from("picture");
      const found = await read(bytes, type);
      expect(found).toEqual({ pictures: [fileOf("picture", "body")], isList: false, topK: undefined });
      expect(found.pictures[0]).toMatchObject({ bytes });
    },
  );

  it("is refused where there is none, with a command that sends one", async () => {
    const hint = "curl --data-binary @cat.jpg -H 'content-type: image/jpeg'";
    await expect(read(Buffer.alloc(0), "image/jpeg")).rejects.toMatchObject({ ...nothing, hint });
    await expect(read(Buffer.alloc(0))).rejects.toMatchObject({ ...nothing, hint });
    expect(nothingSent()).toMatchObject({ ...nothing, hint });
  });
});

describe("JSON", () => {
  it("brings one picture as numbers or base64, under any spelling of its type", async () => {
    const pixels = { pictures: [numbersOf([1, 2, 3, 4], "image", [2, 2])], isList: false, topK: undefined };
    const bytes = Buffer.from('{"image":[[1,2],[3,4]]}');
    for (const type of ["application/json", "Application/JSON; charset=utf-8"])
      expect(await read(bytes, type)).toEqual(pixels);
    expect(await readJson({ image: base64("one") })).toEqual({
      pictures: [fileOf("one", "image")],
      isList: false,
      topK: undefined,
    });
  });

  it("reads the same whether the quick way or the ordinary one takes it", async () => {
    const quick = await readJson('{"image":[[0.5,1],[2,3e1]],"top_k":2}');
    const ordinary = await readJson('{"top_k":2,"image":[[0.5,1],[2,3e1]]}');
    expect(quick).toEqual({ pictures: [numbersOf([1, 1, 2, 30], "image", [2, 2])], isList: false, topK: 2 });
    expect(ordinary).toEqual(quick);
  });

  it("brings several pictures in their order, each with its place; a list of one stays a list", async () => {
    expect(await readJson({ images: [base64("one"), [1, 2]], top_k: 3 })).toEqual({
      pictures: [fileOf("one", "images[0]"), numbersOf([1, 2], "images[1]")],
      isList: true,
      topK: 3,
    });
    expect((await readJson({ images: [[1]] })).isList).toBe(true);
  });

  it("names the picture, and the place in it, that cannot be read", async () => {
    await expect(readJson({ images: [[1], [[1, 2], [3]]] })).rejects.toMatchObject({
      code: "REQUEST_INVALID",
      where: "images[1][1]",
      received: "a list of 1",
    });
    await expect(readJson({ images: [base64("one"), "?"] })).rejects.toMatchObject({
      code: "REQUEST_INVALID",
      where: "images[1]",
    });
    await expect(readJson({ image: [[1, "2"]] })).rejects.toMatchObject({ where: "image[0][1]" });
  });

  it.each([
    [{}, "neither"],
    [{ top_k: 1 }, "neither"],
    [{ image: [1], images: [[1]] }, "both"],
  ])("%j is refused: it has %s", async (body, received) => {
    await expect(readJson(body)).rejects.toMatchObject({
      code: "REQUEST_INVALID",
      required: "either image or images",
      received,
      where: "body",
      hint: 'send {"image": [[...]]} or {"images": [...]}',
    });
  });

  it.each(['{"images":[]}', '{"image":[1],"top_k":0}', '{"image":[1],"top_k":10001}', '{"image":[1],"size":1}', "[1]"])(
    "%s is refused",
    async (body) => {
      await expect(readJson(body)).rejects.toMatchObject({ code: "REQUEST_INVALID", where: "body" });
    },
  );

  it("may hold as many pictures as the limit says, and no more", async () => {
    const images = [[1], [2], [3]];
    expect((await readJson({ images }, 3)).pictures).toHaveLength(3);
    await expect(readJson({ images }, 2)).rejects.toMatchObject({
      code: "REQUEST_TOO_LARGE",
      required: "at most 2 pictures in one request",
      received: "3 pictures",
      where: "images",
    });
    await expect(readJson({ images }, 1)).rejects.toMatchObject({
      code: "REQUEST_TOO_LARGE",
      required: "one picture",
    });
    expect((await readJson({ image: base64("one") }, 1)).pictures).toHaveLength(1);
  });
});

describe("a form", () => {
  const picture = (text: string): Blob => new Blob([text]);

  it("brings its files in their order under their names, and top_k", async () => {
    expect(await readForm([["cat", picture("one")]])).toEqual({
      pictures: [fileOf("one", "cat.jpg")],
      isList: false,
      topK: undefined,
    });
    const parts = [["cat", picture("one")] as const, ["top_k", "2"] as const, ["dog", picture("two")] as const];
    expect(await readForm(parts)).toEqual({
      pictures: [fileOf("one", "cat.jpg"), fileOf("two", "dog.jpg")],
      isList: true,
      topK: 2,
    });
  });

  it.each(["0", "", "1.5", "-1", "10001", "many"])("with top_k %j is refused", async (topK) => {
    const parts = [["file", picture("one")] as const, ["top_k", topK] as const];
    await expect(readForm(parts)).rejects.toMatchObject({
      code: "REQUEST_INVALID",
      required: "a whole number from 1 to 10000",
      where: "top_k",
    });
  });

  it("with another field is refused by the field's name: a file sent as text would else go unseen", async () => {
    await expect(readForm([["file", "@cat.jpg"]])).rejects.toMatchObject({
      code: "REQUEST_INVALID",
      received: "a field 'file' without a file",
      where: "form",
      hint: "with curl a file is -F file=@cat.jpg",
    });
  });

  it("without a file is refused, and with more files than the limit", async () => {
    await expect(readForm([["top_k", "1"]])).rejects.toMatchObject(nothing);
    const parts = [["a", picture("1")] as const, ["b", picture("2")] as const];
    await expect(readForm(parts, 1)).rejects.toMatchObject({ code: "REQUEST_TOO_LARGE", where: "form" });
    expect((await readForm(parts, 2)).pictures).toHaveLength(2);
  });
});
