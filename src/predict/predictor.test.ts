import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failureOf } from "../../tests/support/failure-of.ts";
import { writePictureFolder } from "../../tests/support/picture-folder.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { tinyExecutor as executor, tinyModel, tinyReference } from "../../tests/support/tiny-bundle.ts";
import { deferred } from "../base/deferred.ts";
import { createLogger } from "../base/logger.ts";
import { encodeBundle } from "../bundle/bundle.ts";
import { applyRecipe } from "../image/apply-recipe.ts";
import { readPictureFile } from "../image/decode.ts";
import type { Executor } from "../runtime/executor.ts";
import { listPictures } from "./list-pictures.ts";
import type { FilePrediction } from "./predict-files.ts";
import { predictionOf } from "./prediction.ts";
import { openPredictor, type Predictor } from "./predictor.ts";

const model = tinyModel();
const recipeOf = async (path: string) => applyRecipe(await readPictureFile(path), model.info.recipe);
const bytes = encodeBundle(model.graph, { ...model.info, parity: [] });
const folder = temporaryFolder();
let predictor: Predictor;

beforeAll(async () => {
  await writePictureFolder(join(folder, "pictures"), { perClass: 3 });
  await mkdir(join(folder, "pictures", "deep", "er"), { recursive: true });
  await writeFile(join(folder, "pictures", "deep", "er", "broken.jpg"), "not a picture");
  await writeFile(join(folder, "pictures", "notes.txt"), "no picture by its name");
  await writeFile(join(folder, "pictures", ".hidden.png"), "");
  await mkdir(join(folder, "empty"));
  predictor = await openPredictor({ bytes }, { executor, batchSize: 2 });
});
afterAll(async () => {
  await predictor.close();
});

/** A predictor whose engine's runs are counted, and wait while `hold` is not resolved. */
async function countedPredictor() {
  const runs: number[] = [];
  const engine = { hold: Promise.resolve() };
  const counting: Executor<"serial"> = {
    ...executor,
    async load(graph) {
      const program = await executor.load(graph);
      return {
        ...program,
        async run(feeds) {
          runs.push(feeds.pictures!.shape[0]!);
          await engine.hold;
          return program.run(feeds);
        },
      };
    },
  };
  const predictor = await openPredictor({ bytes }, { executor: counting });
  runs.length = 0; // without those that looked at the bundle
  return { runs, engine, predictor };
}

function pathOf(name: string): string {
  return join(folder, "pictures", name);
}

async function collect(paths: readonly string[], options = {}): Promise<FilePrediction[]> {
  const rows: FilePrediction[] = [];
  for await (const row of predictor.predictFiles(paths, { cwd: folder, ...options })) rows.push(row);
  return rows;
}

const expectedFiles = [
  "pictures/blue/blue.0.png",
  "pictures/blue/blue.1.png",
  "pictures/blue/blue.2.png",
  "pictures/deep/er/broken.jpg",
  "pictures/red/red.0.png",
  "pictures/red/red.1.png",
  "pictures/red/red.2.png",
];

describe("predicting pixels", () => {
  it("gives label, confidence and every probability", async () => {
    const { pixels, probabilities } = await tinyReference(model, 2);
    const predictions = await predictor.predictPixels(pixels);
    expect(predictions).toHaveLength(2);
    for (const [row, prediction] of predictions.entries()) {
      const expected = [...probabilities.subarray(row * 3, row * 3 + 3)];
      expect(Object.entries(prediction.probabilities)).toEqual(
        ["cat", "dog", "fox"].map((label, index) => [label, expected[index]]),
      );
      expect(prediction.confidence).toBe(Math.max(...expected));
      expect(prediction.probabilities[prediction.label]).toBe(prediction.confidence);
    }
  });

  it("takes the first of equal classes", () => {
    expect(predictionOf(["a", "b", "c"], [0.2, 0.4, 0.4])).toMatchObject({ label: "b", confidence: 0.4 });
  });
});

describe("predicting pictures", () => {
  it("takes paths, bytes and blobs, one or many, and answers in their order", async () => {
    const [blue, red] = ["blue/blue.0.png", "red/red.0.png"].map(pathOf) as [string, string];
    const buffer = await readFile(blue);
    const alone = await Promise.all([blue, red].map(async (path) => (await predictor.predictPictures(path))[0]!));
    const forms = [buffer, red, new Blob([buffer]), new Uint8Array(buffer), new File([buffer], "blue.png")];
    const predictions = await predictor.predictPictures(forms);
    expect(predictions.map(({ label }) => label)).toEqual([0, 1, 0, 0, 0].map((at) => alone[at]!.label));
    // Kernels may choose another order of summation for another batch size.
    for (const [at, { confidence }] of predictions.entries()) {
      expect(confidence).toBeCloseTo(alone[at === 1 ? 1 : 0]!.confidence, 6);
    }
    expect(await predictor.predictPictures(buffer)).toEqual([alone[0]]);
    expect(await predictor.predictPictures([])).toEqual([]);
  });

  it("takes one picture in any form and gives its prediction, several calls at once", async () => {
    const path = pathOf("blue/blue.0.png");
    const buffer = await readFile(path);
    // A slice of a larger buffer, as Node's pool gives them: only the bytes of the view count.
    const pooled = Buffer.concat([Buffer.alloc(16), buffer, Buffer.alloc(16)]).subarray(16, 16 + buffer.length);
    const forms = [
      path,
      pathToFileURL(path),
      pathToFileURL(path).href,
      buffer,
      pooled,
      new Uint8Array(buffer),
      new Uint8Array(buffer).buffer,
      runInNewContext("bytes => new Uint8Array(bytes)")([...buffer]),
      new Blob([buffer]),
      new File([buffer], "blue.png"),
    ];
    const predictions = await Promise.all(forms.map((form) => predictor.predict(form)));
    expect(new Set(predictions.map(({ label }) => label)).size).toBe(1);
    expect(await predictor.predict(path)).toEqual((await predictor.predictPictures([path]))[0]);
  });

  it.each([
    [new Response("x"), "a Response", "response.arrayBuffer()"],
    [new Blob(["x"]).stream(), "a ReadableStream", "new Response(stream).arrayBuffer()"],
    [Readable.from([Buffer.from("x")]), "a Readable", "buffer(stream)"],
    [Promise.resolve(Buffer.from("x")), "a Promise that was not awaited", "await it first"],
    [new Float32Array(4), "a Float32Array of 4 numbers", undefined],
    [new Uint8ClampedArray(4), "a Uint8ClampedArray of 4 numbers", "encode them first"],
    ["https://example.com/cat.jpg", "'https://example.com/cat.jpg'", "fetch it"],
    [new URL("https://example.com/cat.jpg"), "'https://example.com/cat.jpg'", "fetch it"],
    ["data:image/png;base64,AAAA", "'data:image/png;base64,AAAA'", "fetch it"],
    [["a.jpg", "b.jpg"], "a list of 2", "predictPictures"],
    [{ path: "a.jpg" }, "an object with the key 'path'", undefined],
    [undefined, "nothing", undefined],
    [null, "null", undefined],
    [7, "7", undefined],
  ])("refuses %s as a picture at once, by its name", async (given, received, hint) => {
    const failure = await failureOf(predictor.predict(given as never));
    expect(failure).toMatchObject({ code: "ARGUMENT_INVALID", received, where: "picture" });
    if (hint === undefined) expect(failure.hint).toBeUndefined();
    else expect(failure.hint).toContain(hint);
    // In a list it names the place, before any other picture is read.
    const inList = predictor.predictPictures(["missing.jpg", given as never]);
    await expect(inList).rejects.toMatchObject({ code: "ARGUMENT_INVALID", where: "pictures[1]" });
  });

  it("refuses a file: URL of another machine", async () => {
    const remote = new URL("file://host/cat.jpg");
    if (process.platform === "win32") return;
    await expect(predictor.predict(remote)).rejects.toMatchObject({ code: "ARGUMENT_INVALID" });
  });

  it("refuses options that it does not know, and values of the wrong type", async () => {
    const path = pathOf("red/red.0.png");
    const options = { signl: undefined } as object;
    await expect(predictor.predict(path, options)).rejects.toMatchObject({
      code: "CONFIG_UNKNOWN_KEY",
      hint: "did you mean signal?",
    });
    await expect(predictor.predictPictures(path, { signal: 3 as never })).rejects.toMatchObject({
      message: "Expected an AbortSignal for signal; got 3 (predictPictures)",
    });
    await expect(collect([path], { strikt: true })).rejects.toMatchObject({ hint: "did you mean strict?" });
  });

  it("says what to call where a picture file is given as pixels, or bytes as a path", async () => {
    const bytes = await readFile(pathOf("red/red.0.png"));
    const padded = Buffer.concat([bytes, Buffer.alloc(bytes.length % 2 === 0 ? 1 : 0)]);
    await expect(predictor.predictPixels(padded)).rejects.toMatchObject({
      code: "ARGUMENT_INVALID",
      received: "the bytes of a picture file (png)",
      hint: expect.stringContaining("predict takes picture files"),
    });
    await expect(predictor.predictPixels([1, 2, 3] as never)).rejects.toMatchObject({ received: "a list of 3" });
    await expect(collect([bytes as never])).rejects.toMatchObject({ code: "ARGUMENT_INVALID", where: "paths[0]" });
  });

  it("takes one folder by its name", async () => {
    const rows: FilePrediction[] = [];
    for await (const row of predictor.predictFiles("pictures", { cwd: folder })) rows.push(row);
    expect(rows.map(({ file }) => file)).toEqual(expectedFiles);
  });

  it("rejects with the first picture that cannot be used, by its path or its place", async () => {
    const good = pathOf("red/red.0.png");
    const broken = new TextEncoder().encode("not a picture");
    await expect(predictor.predictPictures([good, broken, new Blob([broken])])).rejects.toMatchObject({
      code: "IMAGE_UNREADABLE",
      where: "pictures[1]",
    });
    await expect(predictor.predictPictures([good, new Blob([broken])])).rejects.toMatchObject({ where: "pictures[1]" });
    const missing = join(folder, "missing.jpg");
    await expect(predictor.predictPictures([good, missing, broken])).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
      received: missing,
    });
    await expect(predictor.predictPictures(good, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "INTERRUPTED",
    });
  });

  it("joins overlapping calls into batches, with the answers of calls one after another", async () => {
    const { runs, engine, predictor: counted } = await countedPredictor();
    const files = expectedFiles.filter((file) => file.endsWith(".png")).map((file) => join(folder, file));
    const inputs = Array.from({ length: 50 }, (_, at) => files[at % files.length]!);
    const apart = [];
    for (const file of inputs) apart.push(...(await counted.predictPictures(file)));
    expect(runs).toEqual(Array(50).fill(1));
    runs.length = 0;
    const decoded = deferred<void>();
    engine.hold = decoded.promise;
    const overlapping = inputs.map((file) => counted.predictPictures(file));
    // Decoded after the first of the calls' own, so that by then several wait for the engine.
    await Promise.all(inputs.map((file) => recipeOf(file)));
    decoded.resolve();
    const together = (await Promise.all(overlapping)).flat();
    for (const [at, { label, confidence }] of together.entries()) {
      expect(label).toBe(apart[at]!.label);
      expect(confidence).toBeCloseTo(apart[at]!.confidence, 6);
    }
    expect(runs.reduce((sum, count) => sum + count, 0)).toBe(50);
    expect(runs.length).toBeLessThan(50);
    runs.length = 0;
    const { pixels } = await tinyReference(model, 1);
    await Promise.all(Array.from({ length: 50 }, () => counted.predictPixels(pixels)));
    expect(runs).toEqual([1, 32, 17]);
    await counted.close();
  });

  it("keeps one caller's wrong pixels out of the others' batch", async () => {
    const { pixels } = await tinyReference(model, 1);
    const outcomes = await Promise.allSettled(
      [pixels, pixels.subarray(1), pixels].map((part) => predictor.predictPixels(part)),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(outcomes[1]).toMatchObject({ reason: { code: "EXECUTION_INPUT" } });
  });

  it("answers what is under way when it is closed, and nothing later", async () => {
    const { predictor: counted } = await countedPredictor();
    const rows = counted.predictFiles([pathOf("red")]);
    await rows.next();
    const underWay = counted.predictPictures(pathOf("red/red.0.png"));
    const closed = [counted.close(), counted.close()];
    expect(await underWay).toHaveLength(1);
    await Promise.all(closed);
    await expect(counted.predictPictures(pathOf("red/red.0.png"))).rejects.toMatchObject({
      code: "EXECUTION_FAILED",
      required: "an open predictor",
    });
    expect((await rows.next()).done).toBe(false);
    await rows.next();
    await expect(rows.next()).rejects.toMatchObject({ code: "EXECUTION_FAILED" });
  });
});

describe("predicting files", () => {
  it("answers each picture as if it were alone, through the bundle's recipe, whatever the batches", async () => {
    const rows = await collect(["pictures"]);
    expect(rows.map(({ file }) => file)).toEqual(expectedFiles);
    for (const row of rows) {
      if (row.error !== undefined) continue;
      const [alone] = await predictor.predictPixels(await recipeOf(join(folder, row.file)));
      expect(row.label).toBe(alone!.label);
      // Kernels may choose another order of summation for another batch size.
      expect(row.confidence).toBeCloseTo(alone!.confidence, 6);
    }
  });

  it("makes a row of what cannot be used and goes on", async () => {
    const rows = await collect(["nothing.jpg", "pictures", "empty"]);
    const faults = rows.filter((row) => row.error !== undefined).map(({ file, error }) => [file, error?.code]);
    expect(faults).toEqual([
      ["nothing.jpg", "FILE_NOT_FOUND"],
      ["pictures/deep/er/broken.jpg", "IMAGE_UNREADABLE"],
      ["empty", "DATASET_EMPTY"],
    ]);
    expect(rows).toHaveLength(9);
  });

  it("ends at the first such picture where it is strict", async () => {
    await expect(collect(["pictures"], { strict: true })).rejects.toMatchObject({
      code: "IMAGE_UNREADABLE",
      message:
        'Expected a JPEG, PNG, GIF, WebP, TIFF, AVIF or BMP picture; got a text that begins with "not a picture" (pictures/deep/er/broken.jpg)',
    });
  });

  it("is ended by its signal", async () => {
    await expect(collect(["pictures"], { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "INTERRUPTED" });
  });

  it("tells its progress, and ends it where the reader stops early", async () => {
    const told: string[] = [];
    const progress = {
      start: ({ total }: { total?: number }) => {
        told.push(`start ${total}`);
        return {
          advance: () => told.push("one"),
          done: (info?: string) => told.push(`done ${info}`),
          fail: () => told.push("fail"),
        };
      },
    };
    await collect(["pictures"], { progress });
    expect(told).toEqual(["start 7", ...Array(7).fill("one"), "done 1 could not be used"]);
    told.length = 0;
    for await (const _ of predictor.predictFiles(["pictures"], { cwd: folder, progress })) break;
    expect(told).toEqual(["start 7", "one", "fail"]);
  });
});

describe("listing pictures", () => {
  it("takes from a folder what training would take, and says what it leaves out", async () => {
    const holiday = join(folder, "holiday");
    await mkdir(join(holiday, ".thumbs"), { recursive: true });
    await mkdir(join(holiday, "@eaDir"));
    await mkdir(join(folder, "elsewhere"), { recursive: true });
    for (const name of [
      "photo",
      "a.jpg",
      "b.jpg_large",
      "readme.txt",
      ".thumbs/a.jpg",
      "@eaDir/a.jpg",
      "../elsewhere/c.png",
    ]) {
      await writeFile(join(holiday, name), "x");
    }
    await symlink(join(folder, "elsewhere"), join(holiday, "more"));
    const warnings: string[] = [];
    const logger = createLogger((_level, message) => warnings.push(message));
    const list = async (followLinks: boolean) =>
      (await listPictures(["holiday"], { cwd: folder, followLinks, logger })).map(({ file }) => file);
    const taken = ["holiday/a.jpg", "holiday/b.jpg_large", "holiday/photo"];
    expect(await list(false)).toEqual(taken);
    expect(warnings).toEqual([
      "'holiday': 1 left out, no picture by its name: 'readme.txt'",
      "'holiday': 1 left out, a link to a folder, not entered: 'more'",
    ]);
    expect(await list(true)).toEqual([...taken.slice(0, 2), "holiday/more/c.png", "holiday/photo"]);
  });

  it("takes a named file whatever its extension, and pictures only from folders", async () => {
    expect(await listPictures(["pictures/notes.txt"], { cwd: folder })).toEqual([{ file: "pictures/notes.txt" }]);
    expect((await listPictures(["pictures"], { cwd: folder })).map(({ file }) => file)).toEqual(expectedFiles);
  });

  it("keeps paths as they were given", async () => {
    const [first] = await listPictures([join(folder, "pictures")], { cwd: "/" });
    expect(first).toEqual({ file: join(folder, expectedFiles[0]!) });
  });
});
