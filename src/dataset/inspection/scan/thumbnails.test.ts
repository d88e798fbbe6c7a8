import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { AppError } from "../../../base/errors.ts";
import type { Sample, Source } from "../../sources/source.ts";
import type { Finding } from "../findings/findings.ts";
import { makeThumbnails } from "./thumbnails.ts";

const read: string[] = [];

function sourceOf(pictures: Readonly<Record<string, () => Promise<Uint8Array>>>): Source {
  const samples = Object.entries(pictures).map(
    ([id, bytes]): Sample => ({
      id,
      label: "cat",
      stamp: "",
      sizeBytes: 0,
      bytes: () => {
        read.push(id);
        return bytes();
      },
    }),
  );
  return {
    kind: "folder",
    location: "pets",
    skipped: [],
    remarks: [],
    samples: async function* () {
      yield* samples;
    },
    close: async () => {},
  };
}

const picture = (width: number, height: number) => (): Promise<Uint8Array> =>
  sharp({ create: { width, height, channels: 3, background: "#804020" } })
    .png()
    .toBuffer();
const about = (kind: Finding["kind"], ...ids: string[]): Finding => ({ kind, ids, offenders: ids, detail: "" });

describe("thumbnails", () => {
  it("are small JPEGs of the pictures that findings name; small pictures stay as they are", async () => {
    const source = sourceOf({ a: picture(300, 150), b: picture(20, 10), c: picture(30, 30) });
    const thumbnails = await makeThumbnails(source, [about("alpha", "b"), about("cmyk", "a")], { sidePx: 100 });
    const sizes = await Promise.all(
      [...thumbnails].map(async ([id, jpeg]) => {
        const { format, width, height } = await sharp(jpeg).metadata();
        return [id, format, width, height];
      }),
    );
    expect(sizes.sort()).toEqual([
      ["a", "jpeg", 100, 50],
      ["b", "jpeg", 20, 10],
    ]);
  });

  it("are left out for pictures that cannot be decoded", async () => {
    const source = sourceOf({ a: async () => Buffer.from("text"), b: picture(9, 9) });
    expect([...(await makeThumbnails(source, [about("corrupt", "a"), about("alpha", "b")])).keys()]).toEqual(["b"]);
  });

  it("are bounded for each kind and for each finding, and read nothing else", async () => {
    read.length = 0;
    const source = sourceOf(Object.fromEntries(["a", "b", "c", "d", "e"].map((id) => [id, picture(8, 8)])));
    const findings = [about("near-duplicate", "a", "b", "c"), about("near-duplicate", "d", "e"), about("alpha", "e")];
    await makeThumbnails(source, findings, { perKind: 3, perFinding: 2 });
    expect(read).toEqual(["a", "b", "d", "e"]);
  });

  it("are made of pixels that came without a file", async () => {
    const image = { width: 4, height: 4, channels: 1, pixels: new Uint8Array(16).fill(200) } as const;
    const source = {
      ...sourceOf({}),
      samples: async function* () {
        yield { id: "t#0", label: "1", stamp: "", image };
      },
    };
    const jpeg = (await makeThumbnails(source, [about("alpha", "t#0")])).get("t#0");
    expect(await sharp(jpeg).metadata()).toMatchObject({ format: "jpeg", width: 4 });
  });

  it("end with the source where it has changed", async () => {
    const changed = new AppError("SOURCE_CHANGED", { required: "x" });
    await expect(makeThumbnails(sourceOf({ a: () => Promise.reject(changed) }), [about("alpha", "a")])).rejects.toBe(
      changed,
    );
  });
});
