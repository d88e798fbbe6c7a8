import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type RunningService, startService } from "../../../tests/support/running-service.ts";
import { type ApiClient, createClient } from "./client.ts";

let service: RunningService;
let client: ApiClient;
let paths: readonly string[];

beforeAll(async () => {
  service = await startService();
  client = createClient(service.origin);
  const folder = join(service.folder, "samples");
  const names = await readdir(folder, { recursive: true });
  paths = names.filter((name) => /\.(png|jpe?g)$/.test(name)).map((name) => join(folder, name));
});
afterAll(() => service.close());

/** As from JavaScript, where no compiler stops it. */
const anything = (value: unknown) => value as never;

describe("pictures of a client", () => {
  it("are predicted in every form that a program has them", async () => {
    const [path = ""] = paths;
    const bytes = await readFile(path);
    const forms = [
      path,
      pathToFileURL(path),
      bytes,
      new Uint8Array(bytes),
      new Uint8Array(bytes).buffer,
      new Blob([bytes]),
      new Blob([bytes], { type: "text/plain" }),
      new File([bytes], "cat.png", { type: "image/png" }),
    ];
    const alone = await Promise.all(forms.map((form) => client.predict(form, { topK: 1 })));
    const together = await client.predictPictures(forms, { topK: 1 });
    expect(together).toHaveLength(forms.length);
    for (const prediction of [...alone, ...together]) {
      expect(prediction.label).toBe(alone[0]!.label);
      expect(prediction.top).toHaveLength(1);
      expect(prediction.confidence).toBeCloseTo(alone[0]!.confidence, 5);
    }
  });

  it("are answered by a list, however short", async () => {
    expect(await client.predictPictures([paths[0]!])).toHaveLength(1);
    expect(await client.predictPictures([])).toEqual([]);
  });

  it("are sent as they are by `call`, too", async () => {
    const bytes = await readFile(paths[0]!);
    const expected = await client.predict(bytes);
    for (const body of [bytes, new Uint8Array(bytes).buffer, new Blob([bytes])]) {
      expect((await client.call("predict", { body })).json).toMatchObject({ label: expected.label });
    }
  });

  it("are explained, for the class that is asked for", async () => {
    const { label } = await client.predict(paths[0]!);
    const map = await client.explain(paths[0]!);
    expect(map).toMatchObject({ label });
    expect([...map.png.subarray(1, 4)]).toEqual([..."PNG"].map((letter) => letter.charCodeAt(0)));
    const { labels } = (await client.call("model")).json;
    expect(await client.explain(paths[0]!, { class: 0 })).toMatchObject({ label: labels[0], classIndex: 0 });
    expect(await client.explain(paths[0]!, { class: labels[1]! })).toMatchObject({ classIndex: 1 });
  });

  it("are named in the service's errors as their files are", async () => {
    const broken = new File(["no picture"], "broken.png");
    await expect(client.predictPictures([paths[0]!, broken])).rejects.toThrow("broken.png");
    await expect(client.predictPictures([paths[0]!, Buffer.from("no picture")])).rejects.toThrow("pictures[1]");
  });

  it("that are missing are FILE_NOT_FOUND", async () => {
    const path = join(service.folder, "missing.png");
    await expect(client.predict(path)).rejects.toMatchObject({ code: "FILE_NOT_FOUND", received: path });
  });
});

describe("what a client cannot send", () => {
  const fetch = vi.fn<typeof globalThis.fetch>().mockRejectedValue(new Error("sent"));
  const unsent = createClient("http://host:8000", { fetch });

  it.each([
    [() => unsent.predict(anything(new Response("x"))), "a Response", "picture"],
    [() => unsent.predict(anything(new Float32Array(3))), "a Float32Array of 3 numbers", "picture"],
    [() => unsent.predict(anything([[0, 0.5]])), "a list of 1", "picture"],
    [() => unsent.predict(anything(undefined)), "nothing", "picture"],
    [() => unsent.predict("https://x/cat.jpg"), "'https://x/cat.jpg'", "picture"],
    [() => unsent.predictPictures([Buffer.from("x"), anything(null)]), "null", "pictures[1]"],
    [() => unsent.predictPictures(anything(Buffer.from("x"))), "a Buffer of 1 bytes", "predictPictures"],
    [() => unsent.predict(Buffer.from("x"), anything({ top_k: 3 })), "'top_k'", "predict"],
    [() => unsent.explain(Buffer.from("x"), anything({ label: "cat" })), "'label'", "explain"],
    [() => unsent.call("predict", { body: anything("cat.jpg") }), "'cat.jpg'", "body"],
    [
      () => unsent.call("predict", { body: { image: anything(Buffer.from("x")) } }),
      "a Buffer of 1 bytes",
      "body.image",
    ],
    [() => unsent.call("predict", { body: { images: ["AA", anything(new Blob([]))] } }), "a Blob", "body.images[1]"],
    [
      () =>
        unsent.call("v2Infer", { params: { model: "m" }, body: anything({ inputs: [{ data: new Float32Array(2) }] }) }),
      "a Float32Array of 2 numbers",
      "body.inputs[0].data",
    ],
    [() => unsent.call("predict", { body: anything(new Map()) }), "a Map", "body"],
    [() => unsent.call("predict", anything({ json: {} })), "'json'", "call"],
    [() => unsent.call(anything("predicts")), "'predicts'", "call"],
  ])("is refused at once: %s", async (attempt, received, where) => {
    await expect(attempt()).rejects.toMatchObject({ code: "ARGUMENT_INVALID", received, where });
    expect(fetch).not.toHaveBeenCalled();
  });

  it("names a parameter that is missing", async () => {
    await expect(unsent.call("v2Model")).rejects.toThrow("params with model (/v2/models/{model})");
  });

  it.each([
    [() => createClient("localhost:8000"), "'localhost:8000'"],
    [() => createClient(anything(undefined)), "nothing"],
    [() => createClient("http://x", anything({ apiKey: "k" })), "'apiKey'"],
    [() => createClient("http://x", anything("key")), "'key'"],
  ])("an address or options that are wrong are refused: %s", (attempt, received) => {
    expect(attempt).toThrow(expect.objectContaining({ code: "ARGUMENT_INVALID", received }));
  });

  it("reads no path in a browser", async () => {
    vi.stubGlobal("process", undefined);
    try {
      await expect(unsent.predict("cat.jpg")).rejects.toMatchObject({
        code: "ARGUMENT_INVALID",
        received: "'cat.jpg'",
      });
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
