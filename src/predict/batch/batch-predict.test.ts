import { cp, mkdir, readdir, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type AsyncBuffer, parquetReadObjects } from "hyparquet";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { failureOf } from "../../../tests/support/failure-of.ts";
import { writePictureFolder } from "../../../tests/support/picture-folder.ts";
import { bucket, startS3Server, useS3Server } from "../../../tests/support/s3-server.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { writeUntrainedBundle } from "../../../tests/support/untrained-bundle.ts";
import { createOnnxRuntimeExecutor } from "../../runtime/onnx-runtime.ts";
import { type BatchPredictOptions, batchPredict } from "./batch-predict.ts";
import { predictRows } from "./predict-rows.ts";
import { rangeOf, readShard } from "./shard.ts";

const cwd = temporaryFolder("batch");
const executor = createOnnxRuntimeExecutor({ threads: 1 });
const labels = ["cat", "dog, or not"];
const recipe = { width: 8, height: 8, channels: 3, fit: "cover", kernel: "cubic" } as const;

const run = (more: Partial<BatchPredictOptions> & { readonly out: string }) =>
  batchPredict({ model: { path: "model.onnx" }, source: "pictures", batchSize: 4, cwd, executor, ...more });
const codeOf = async (work: Promise<unknown>) => (await failureOf(work)).code;
const textOf = (name: string) => readFile(join(cwd, name), "utf8");

interface JsonRow {
  readonly id: string;
  readonly label?: string;
  readonly confidence?: number;
  readonly probabilities?: Readonly<Record<string, number>>;
  readonly error?: { readonly code: string; readonly message: string };
}
const rowsOf = async (name: string): Promise<readonly JsonRow[]> =>
  (await textOf(name)).split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));

beforeAll(async () => {
  await writePictureFolder(join(cwd, "pictures"), { labels: ["red", "blue"], perClass: 10 });
  // Neither of them has a label.
  await rename(join(cwd, "pictures/red/red.3.png"), join(cwd, "pictures/holiday.png"));
  await writeFile(join(cwd, "pictures/blue/torn.png"), "torn");
  await writeUntrainedBundle({ labels, recipe, widths: [4] }, join(cwd, "model.onnx"));
  await writeUntrainedBundle({ labels, recipe, widths: [4], seed: 8 }, join(cwd, "other.onnx"));
});

afterEach(() => vi.unstubAllEnvs());

describe("batchPredict", () => {
  it("writes one row for each picture, labelled or not, in the source's order, failures among them", async () => {
    const report = await run({ out: "all.jsonl" });
    expect(report).toMatchObject({ pictures: 21, failed: 1, resumed: 0, format: "jsonl" });
    const rows = await rowsOf("all.jsonl");
    const ids = rows.map(({ id }) => id);
    expect(ids).toEqual([...ids].sort());
    expect(new Set(ids).size).toBe(21);
    expect(ids).toContain("holiday.png");
    const torn = rows.find(({ id }) => id === "blue/torn.png");
    expect(torn).toEqual({
      id: "blue/torn.png",
      error: { code: "IMAGE_UNREADABLE", message: expect.stringMatching(/^Expected a JPEG, PNG.*; got a text/) },
    });
    for (const { label, confidence, probabilities } of rows.filter(({ error }) => error === undefined)) {
      expect(probabilities![label!]).toBe(confidence);
      expect(Object.values(probabilities!).reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 4);
    }
    expect((await readdir(cwd)).filter((name) => /partial|lock|tmp/.test(name))).toEqual([]);
  });

  it("has the same rows in CSV, JSON lines and Parquet", async () => {
    await run({ out: "same.csv" });
    await run({ out: "same.parquet" });
    const rows = await rowsOf("all.jsonl");
    const lines = (await textOf("same.csv")).trimEnd().split("\r\n");
    expect(lines[0]).toBe('id,label,confidence,probability_cat,"probability_dog, or not",error_code,error_message');
    expect(lines.slice(1).map((line) => line.split(",")[0])).toEqual(rows.map(({ id }) => id));
    const table = await readParquet("same.parquet");
    expect(table.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
    for (const [at, row] of table.entries()) {
      const { label = null, confidence = null, error, probabilities } = rows[at]!;
      expect(row.label ?? null).toBe(label);
      expect(row.confidence ?? null).toBe(confidence === null ? null : Math.fround(confidence));
      expect(row.probability_cat ?? null).toBe(probabilities ? Math.fround(probabilities.cat!) : null);
      expect(row.error_code ?? null).toBe(error?.code ?? null);
      expect(row.error_message ?? null).toBe(error?.message ?? null);
    }
  });

  it("reads a manifest without labels, and makes a row of each line that cannot be used", async () => {
    await writeFile(join(cwd, "list.csv"), "path\npictures/holiday.png\n../outside.png\npictures/gone.png\n");
    await run({ source: "list.csv", out: "list.jsonl" });
    const rows = await rowsOf("list.jsonl");
    expect(rows.map(({ error }) => error?.code)).toEqual([undefined, "FILE_NOT_FOUND", "MANIFEST_INVALID"]);
  });

  it("answers in shards with the numbers of the whole", async () => {
    for (const index of [0, 1, 2]) await run({ out: "part.csv", shard: { index, count: 3 } });
    const parts = await Promise.all([0, 1, 2].map((index) => textOf(`part.${index}-of-3.csv`)));
    const head = parts[0]!.slice(0, parts[0]!.indexOf("\r\n") + 2);
    expect(head + parts.map((part) => part.slice(head.length)).join("")).toBe(await textOf("same.csv"));
  });

  it("goes on behind the last whole batch of unfinished rows, and ends with the same bytes", async () => {
    await interrupt("resumed.jsonl", 3);
    const torn = join(cwd, "resumed.jsonl.partial");
    // As a power cut leaves it: in the midst of a line.
    await truncate(torn, (await readFile(torn)).length - 5);
    const report = await run({ out: "resumed.jsonl", resume: true });
    expect(report).toMatchObject({ pictures: 21, resumed: 8 });
    expect(await textOf("resumed.jsonl")).toBe(await textOf("all.jsonl"));
  });

  it("refuses to go on with another model, other pictures and other settings", async () => {
    await interrupt("mixed.jsonl", 2);
    const resumed = { out: "mixed.jsonl", resume: true };
    expect(await codeOf(run({ ...resumed, model: { path: "other.onnx" } }))).toBe("BATCH_MISMATCH");
    expect(await codeOf(run({ ...resumed, batchSize: 8 }))).toBe("BATCH_MISMATCH");
    await cp(join(cwd, "pictures"), join(cwd, "fewer"), { recursive: true, preserveTimestamps: true });
    await rm(join(cwd, "fewer/holiday.png"));
    expect(await codeOf(run({ ...resumed, source: "fewer" }))).toBe("BATCH_MISMATCH");
    await expect(run({ ...resumed, model: { path: "other.onnx" } })).rejects.toThrow(
      /^Expected unfinished predictions of the same model; got those of another model \(.*mixed\.jsonl\.partial\)$/,
    );
    expect(await codeOf(run({ out: "mixed.jsonl" }))).toBe("FILE_EXISTS");
    expect(await run({ out: "mixed.jsonl", force: true })).toMatchObject({ resumed: 0, pictures: 21 });
  });

  it("refuses damaged and foreign files in the place of unfinished rows", async () => {
    await writeFile(join(cwd, "foreign.csv.partial"), "a letter\n");
    expect(await codeOf(run({ out: "foreign.csv", resume: true }))).toBe("BATCH_MISMATCH");
    await writeFile(join(cwd, "foreign.csv.partial"), "");
    expect(await codeOf(run({ out: "foreign.csv", resume: true }))).toBe("BATCH_MISMATCH");
  });

  it("leaves an output that exists alone, unless it is forced", async () => {
    await writeFile(join(cwd, "old.csv"), "old");
    expect(await codeOf(run({ out: "old.csv" }))).toBe("FILE_EXISTS");
    expect(await codeOf(run({ out: "old.csv", resume: true }))).toBe("FILE_EXISTS");
    expect(await textOf("old.csv")).toBe("old");
    await run({ out: "old.csv", force: true });
    expect(await textOf("old.csv")).toBe(await textOf("same.csv"));
  });

  it("refuses names, shards, folders and sources that cannot be", async () => {
    await mkdir(join(cwd, "bare"));
    expect(await codeOf(run({ out: "rows.xlsx" }))).toBe("CONFIG_INVALID");
    expect(await codeOf(run({ out: "rows" }))).toBe("CONFIG_INVALID");
    expect(await codeOf(run({ out: "s3://x" }))).toBe("CONFIG_INVALID");
    expect(await codeOf(run({ out: "rows.csv", shard: { index: 2, count: 2 } }))).toBe("CONFIG_INVALID");
    expect(await codeOf(run({ out: "rows.csv", source: "bare" }))).toBe("DATASET_EMPTY");
    expect(await codeOf(run({ out: "rows.csv", source: "nowhere" }))).toBe("FILE_NOT_FOUND");
    expect(await codeOf(run({ out: "model.onnx/rows.csv" }))).toBe("FILE_WRITE_FAILED");
    await mkdir(join(cwd, "folder.csv"));
    for (const force of [false, true]) {
      await expect(run({ out: "folder.csv", force })).rejects.toThrow(/got a folder of this name/);
    }
    expect(await readdir(cwd)).not.toContain("folder.csv.partial");
    expect((await readdir(cwd)).filter((name) => name.startsWith("rows"))).toEqual([]);
  });

  it("writes an object whole, from an object store's pictures, and not over another one", async () => {
    const server = await startS3Server();
    try {
      useS3Server(server.endpoint);
      for (const name of ["red.0.png", "red.1.png", "red.2.png"]) {
        server.objects.set(`in/${name}`, await readFile(join(cwd, "pictures/red", name)));
      }
      const out = `s3://${bucket}/out/rows.jsonl`;
      const source = `s3://${bucket}/in`;
      expect(await run({ source, out })).toMatchObject({ out, pictures: 3, failed: 0 });
      const rows = Buffer.from(server.objects.get("out/rows.jsonl")!).toString().trimEnd().split("\n");
      expect(rows.map((row) => JSON.parse(row).id)).toEqual(["red.0.png", "red.1.png", "red.2.png"]);
      expect(await codeOf(run({ source, out }))).toBe("FILE_EXISTS");
      expect(await run({ source, out, force: true })).toMatchObject({ pictures: 3 });
      expect(await readdir(join(cwd, ".pawprint/batch"))).toEqual([]);
    } finally {
      await server.close();
    }
  });
});

describe("predictRows", () => {
  it("holds a bounded number of pictures, and ends with the first failure of a slow reader", async () => {
    let alive = 0;
    let most = 0;
    const image = { width: 8, height: 8, channels: 3 as const, pixels: new Uint8Array(192) };
    const source = {
      kind: "idx" as const,
      location: "drawn",
      skipped: [],
      remarks: [],
      async *samples() {
        for (let at = 0; at < 2000; at++) {
          most = Math.max(most, ++alive);
          yield { id: String(at), label: "", stamp: "", image };
        }
      },
      close: async () => {},
    };
    const info = { labels: ["a"], recipe } as never; // all that is read of it
    const bundle = {
      info,
      runs: "concurrent" as const,
      answer: async (pixels: Uint8Array) => {
        const count = pixels.length / 192;
        return { logits: new Float32Array(count), probabilities: new Float32Array(count).fill(1) };
      },
      close: async () => {},
    };
    let batches = 0;
    const predicting = predictRows(bundle, source, {
      range: { start: 0, end: 2000 },
      batchSize: 4,
      onBatch: async (rows) => {
        await new Promise((done) => setImmediate(done));
        alive -= rows.length;
        if (++batches === 100) throw new Error("a full disk");
      },
    });
    await expect(predicting).rejects.toThrow("a full disk");
    expect(most).toBeLessThan(100);
  });
});

describe("shards", () => {
  it("are disjoint and add up to the whole, whatever their number", () => {
    for (const pictures of [0, 1, 4, 5, 1003]) {
      for (const count of [1, 2, 3, 7, 400]) {
        const ranges = Array.from({ length: count }, (_, index) => rangeOf({ index, count }, pictures, 4));
        expect(ranges[0]!.start).toBe(0);
        expect(ranges.at(-1)!.end).toBe(pictures);
        for (const [at, range] of ranges.entries()) if (at > 0) expect(range.start).toBe(ranges[at - 1]!.end);
      }
    }
  });

  it("come from text, or from the environment where that is asked for", () => {
    expect(readShard("1/4", { JOB_COMPLETION_INDEX: "3", JOB_COMPLETIONS: "9" })).toEqual({ index: 1, count: 4 });
    expect(readShard("env", { JOB_COMPLETION_INDEX: "3", JOB_COMPLETIONS: "9" })).toEqual({ index: 3, count: 9 });
    for (const [text, env] of [
      ["4/4", {}],
      ["-1/4", {}],
      ["0/0", {}],
      ["1", {}],
      ["env", {}],
      ["env", { JOB_COMPLETION_INDEX: "3" }],
      ["env", { JOB_COMPLETION_INDEX: "x", JOB_COMPLETIONS: "9" }],
    ] as const) {
      expect(() => readShard(text, env)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    }
  });
});

/** Ends the work after so many batches, as Ctrl-C does. */
async function interrupt(out: string, batches: number): Promise<void> {
  const controller = new AbortController();
  let left = batches;
  const progress = {
    start: () => ({ advance: () => void (--left === 0 && controller.abort()), done: () => {}, fail: () => {} }),
  };
  expect(await codeOf(run({ out, progress, signal: controller.signal }))).toBe("INTERRUPTED");
}

async function readParquet(name: string): Promise<readonly Record<string, unknown>[]> {
  const bytes = await readFile(join(cwd, name));
  const file: AsyncBuffer = {
    byteLength: bytes.byteLength,
    slice: (start, end) => new Uint8Array(bytes.subarray(start, end)).buffer,
  };
  return parquetReadObjects({ file });
}
