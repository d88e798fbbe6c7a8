import { afterAll, expect, it } from "vitest";
import { type BodyReading, createBodyReading } from "./body-reading.ts";
import type { PictureInput } from "./picture-input.ts";

const reading: BodyReading = createBodyReading(() => performance.now());
afterAll(() => reading.close());

const soon = () => ({ deadline: performance.now() + 30_000, isGone: false });
const json = { contentType: "application/json", limit: 64 };
const recipe = { width: 300, height: 300, channels: 1, fit: "stretch", kernel: "linear" } as const;
const read = (text: string | Buffer, urgency = soon()) =>
  reading.read("pictures", Buffer.from(text as string), json, urgency);

/** Too much for the event loop: read in the thread of large bodies. */
const largeBytes = 2 ** 21;
const padded = (text: string, sizeBytes: number): string => text + " ".repeat(sizeBytes - text.length);

/** What two requests are held against each other by: comparing arrays item by item would be slow. */
const plain = ({ pictures, ...rest }: { readonly pictures: readonly PictureInput[] }) => ({
  ...rest,
  pictures: pictures.map((one) =>
    one.kind === "file"
      ? { ...one, bytes: Buffer.from(one.bytes).toString("base64") }
      : { ...one, pixels: Buffer.from(one.pixels).toString("base64") },
  ),
});

it("gives the same request whether it was read at once or in a thread", async () => {
  const base64 = Buffer.from("picture").toString("base64");
  for (const body of [{ image: [[0, 1, 2]], top_k: 2 }, { images: [base64, [[0.5], [1]]] }]) {
    const text = JSON.stringify(body);
    const expected = plain(await read(text));
    for (const size of [2 ** 17, largeBytes]) expect(plain(await read(padded(text, size)))).toEqual(expected);
  }
});

it("brings tensors and rows of every protocol back from a thread, and form files as they were", async () => {
  const pixels = Array.from({ length: 90_000 }, (_, at) => at % 256);
  const base64 = Buffer.from(pixels).toString("base64");
  const expected = [{ kind: "pixels", pixels: base64 }];
  const input = { name: "pictures", shape: [1, 300, 300, 1], datatype: "UINT8" };
  const inferred = await reading.read(
    "inference",
    Buffer.from(JSON.stringify({ id: "a", inputs: [{ ...input, data: pixels }], parameters: { timeout: 5 } })),
    { headerLength: undefined, recipe, limit: 4 },
    soon(),
  );
  expect(plain(inferred)).toMatchObject({ id: "a", timeout: 5, pictures: expected });
  const invoked = await reading.read("invocation", Buffer.from(JSON.stringify({ instances: [pixels] })), json, soon());
  expect(plain(invoked)).toMatchObject({ pictures: expected });

  const form = new FormData();
  form.set("a", new Blob([Uint8Array.from(pixels)]), "a.png");
  form.set("b", new Blob(["short"]), "b.png");
  const packed = new Response(form);
  const contentType = packed.headers.get("content-type")!;
  const bytes = Buffer.from(await packed.arrayBuffer());
  const files = await reading.read("pictures", bytes, { contentType, limit: 4 }, soon());
  expect(plain(files).pictures).toMatchObject([
    { kind: "file", where: "a.png", bytes: base64 },
    { kind: "file", where: "b.png", bytes: Buffer.from("short").toString("base64") },
  ]);
});

it("hands a picture file on as it is, and binary tensors too", async () => {
  const file = Buffer.alloc(largeBytes, 7);
  const { pictures } = await reading.read("pictures", file, { contentType: "image/png", limit: 1 }, soon());
  expect(pictures.map((one) => one.kind === "file" && one.bytes === file)).toEqual([true]);
  const input = { name: "pictures", shape: [1, 300, 300, 1], datatype: "UINT8" };
  const head = JSON.stringify({ inputs: [{ ...input, parameters: { binary_data_size: 90_000 } }] });
  const options = { headerLength: String(head.length), recipe, limit: 1 };
  const body = Buffer.concat([Buffer.from(head), Buffer.alloc(90_000, 3)]);
  const inferred = await reading.read("inference", body, options, soon());
  // A view of the body: nothing of it was copied.
  const [picture] = inferred.pictures;
  expect(picture?.kind === "pixels" && picture.pixels.buffer === body.buffer).toBe(true);
});

it.each([
  [`{"image":${"[".repeat(largeBytes)}`, "REQUEST_INVALID", "JSON nested at most 64 deep"],
  [`{"image":"${"A".repeat(largeBytes)}*"}`, "REQUEST_INVALID", "a picture file as base64"],
  [`{"images":[${"{},".repeat(largeBytes / 2)}{}]}`, "REQUEST_TOO_LARGE", "JSON of at most 100000 texts and objects"],
  [`{"images":[${"[],".repeat(5_000_000)}[]]}`, "REQUEST_TOO_LARGE", "JSON of at most 2 million lists"],
  [`{"images":[${"[1],".repeat(largeBytes / 4)}[1]]}`, "REQUEST_TOO_LARGE", "at most 64 pictures in one request"],
])("refuses a large body with the reader's own error (%#)", async (text, code, required) => {
  await expect(read(text)).rejects.toMatchObject({ code, required, name: "AppError" });
});

it("gives up on a body at its deadline, and reads the next one in a new thread", async () => {
  const slow = `{"images":[[${"[0],".repeat(1_900_000)}[0]]]}`;
  const late = read(slow, { deadline: performance.now() + 20, isGone: false });
  const waiting = read(slow, { deadline: performance.now() + 10, isGone: false });
  const next = read(padded('{"image":[1]}', largeBytes));
  const [first, second, third] = await Promise.allSettled([late, waiting, next]);
  for (const one of [first, second]) expect(one).toMatchObject({ reason: { code: "DEADLINE_EXCEEDED" } });
  expect(third.status).toBe("fulfilled");
});

it("reads nothing for a caller that is gone", async () => {
  await expect(read(padded("?", largeBytes), { ...soon(), isGone: true })).rejects.toMatchObject({
    code: "CLIENT_GONE",
  });
});

it("quick bodies do not wait for large ones", async () => {
  const order: string[] = [];
  const large = read(`{"images":[[${"[0],".repeat(1_900_000)}[0]]]}`).then(() => order.push("large"));
  await read(padded('{"image":[1]}', 2 ** 17)).then(() => order.push("quick"));
  await large;
  expect(order).toEqual(["quick", "large"]);
});
