import { expect, it } from "vitest";
import { readForm } from "./read-form.ts";

async function pack(parts: Readonly<Record<string, string | Blob>>) {
  const form = new FormData();
  for (const [name, value] of Object.entries(parts)) {
    if (typeof value === "string") form.append(name, value);
    else form.append(name, value, `${name}.jpg`);
  }
  const packed = new Response(form);
  return { bytes: Buffer.from(await packed.arrayBuffer()), type: packed.headers.get("content-type")! };
}

it("gives files with their bytes and names, and fields with their texts", async () => {
  const large = new Uint8Array(300_000).map((_, at) => at % 251);
  const { bytes, type } = await pack({ one: new Blob([large]), two: new Blob(["2"]), top_k: "3" });
  const { files, fields } = await readForm(bytes, type, 2);
  expect(files.map(({ name, bytes: file }) => [name, file.length])).toEqual([
    ["one.jpg", 300_000],
    ["two.jpg", 1],
  ]);
  expect(Buffer.compare(files[0]!.bytes, large)).toBe(0);
  expect(fields).toEqual([{ name: "top_k", value: "3" }]);
});

it("refuses more files or fields than are allowed", async () => {
  const files = await pack({ a: new Blob(["1"]), b: new Blob(["2"]) });
  await expect(readForm(files.bytes, files.type, 1)).rejects.toMatchObject({ code: "REQUEST_TOO_LARGE" });
  const fields = await pack(Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`f${at}`, "x"])));
  await expect(readForm(fields.bytes, fields.type, 1)).rejects.toMatchObject({ code: "REQUEST_TOO_LARGE" });
});

it("comes to an end for a form cut at any byte: with what was whole, or with the reason", async () => {
  const { bytes, type } = await pack({ file: new Blob(["picture"]), top_k: "3" });
  let refused = 0;
  for (let length = 0; length < bytes.length; length++) {
    const outcome = await readForm(bytes.subarray(0, length), type, 4).catch((error: { code: string }) => error);
    if ("code" in outcome) {
      expect(outcome.code).toBe("REQUEST_INVALID");
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(bytes.length / 2);
  expect((await readForm(bytes, type, 4)).files).toHaveLength(1);
});

it.each(["multipart/form-data", "multipart/form-data; boundary=other"])(
  "refuses the type %j for the same bytes",
  async (type) => {
    const { bytes } = await pack({ file: new Blob(["picture"]) });
    const outcome = await readForm(bytes, type, 4).catch((error: { code: string }) => error);
    expect(outcome).toMatchObject({ code: "REQUEST_INVALID" });
  },
);

it("takes files and fields without any name, as some clients send them", async () => {
  const type = "multipart/form-data; boundary=x";
  const form = (head: string) => Buffer.from(`--x\r\n${head}\r\n\r\na\r\n--x--\r\n`);
  for (const head of [
    'Content-Disposition: form-data; filename=""',
    "Content-Disposition: form-data\r\nContent-Type: application/octet-stream",
  ]) {
    const { files } = await readForm(form(head), type, 1);
    expect(files.map(({ name, bytes }) => [name, bytes.length])).toEqual([["file", 1]]);
  }
  expect((await readForm(form("Content-Disposition: form-data"), type, 1)).fields).toEqual([{ name: "", value: "a" }]);
});

it("refuses a form of nothing but delimiters before it is gone through", async () => {
  const flood = Buffer.from("--b\r\n".repeat(1_000_000));
  for (const boundary of [
    "boundary=b",
    'boundary="b"',
    "boundary =b",
    "boundary*=utf-8''b",
    'x="; boundary=a"; boundary=b',
  ]) {
    const type = `multipart/form-data; ${boundary}`;
    await expect(readForm(flood, type, 4)).rejects.toMatchObject({
      code: "REQUEST_TOO_LARGE",
      message: "Expected at most 12 parts in a form; got more of them (form)",
    });
  }
});

it("takes a picture in which lines begin like delimiters", async () => {
  const text = "\r\n--".repeat(40).padEnd(40_000, "a");
  const { type, bytes } = await pack({ file: new Blob([text]) });
  const { files } = await readForm(bytes, type, 1);
  expect(files.map(({ bytes: content }) => content.toString())).toEqual([text]);
});
