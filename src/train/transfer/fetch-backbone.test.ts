import { existsSync } from "node:fs";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type Answer, sendFile, startFileServer } from "../../../tests/support/file-server.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { tinyBackbone } from "../../../tests/support/tiny-backbone.ts";
import { sha256 } from "../../base/hash.ts";
import type { CatalogueEntry } from "../../nn/backbones/catalogue.ts";
import { listBackbones } from "./backbone-files.ts";
import { type FetchBackboneOptions, fetchBackbone } from "./fetch-backbone.ts";
import { openBackbone } from "./open-backbone.ts";

const bytes = tinyBackbone();
const hash = sha256(bytes);
const half = Math.floor(bytes.length / 2);
const quick = { waitMs: 1, stallMs: 2000, attempts: 3 };

let to = "";
beforeEach(() => {
  to = join(temporaryFolder("backbone"), "models", "backbones");
});

/** The address of a server that answers so. */
const serve = async (answer: Answer = sendFile(bytes)): Promise<string> => (await startFileServer(answer)).origin;

/** Promises all, hangs up when half of it is on the other side's disk. */
function cut(response: ServerResponse): void {
  response.writeHead(200, { etag: '"a"', "content-length": bytes.length });
  response.write(bytes.subarray(0, half), async () => {
    const part = join(to, "tiny.onnx.part");
    await vi.waitUntil(async () => (await stat(part).catch(() => ({ size: 0 }))).size >= half);
    response.destroy();
  });
}

const entry = (urls: readonly string[]): CatalogueEntry => ({
  title: "Tiny",
  fileName: "tiny.onnx",
  urls,
  page: "https://models.example.org/tiny",
  sizeBytes: bytes.length,
  sha256: hash,
  licence: "MIT",
  input: {
    height: 16,
    width: 16,
    channels: 3,
    layout: "nchw",
    order: "rgb",
    fit: "cover",
    mean: [0.5, 0.5, 0.5],
    std: [0.5, 0.5, 0.5],
  },
  layer: "/pool/Flatten_output_0",
  isTested: false,
  sources: {},
});

const fetchTiny = (urls: readonly string[], options: FetchBackboneOptions = {}) =>
  fetchBackbone("tiny", { to, catalogue: { tiny: entry(urls) }, ...quick, ...options });

async function expectReady(): Promise<void> {
  expect(new Uint8Array(await readFile(join(to, "tiny.onnx")))).toEqual(new Uint8Array(bytes));
  expect(await openBackbone(join(to, "tiny.onnx"))).toMatchObject({
    name: "tiny",
    sha256: hash,
    licence: "MIT",
    layer: "/pool/Flatten_output_0",
  });
  expect((await readdir(to)).sort()).toEqual(["tiny.backbone.json", "tiny.onnx"]);
}

describe("a backbone of the catalogue", () => {
  it("comes with a side-car file that makes it ready for a training", async () => {
    const origin = await serve();
    const fetched = await fetchTiny([`${origin}/tiny.onnx`]);
    expect(fetched).toMatchObject({ status: "downloaded", cardStatus: "written", sizeBytes: bytes.length });
    expect(JSON.parse(await readFile(fetched.cardPath, "utf8"))).toEqual(fetched.card);
    await expectReady();
  });

  it("goes on where a connection was cut", async () => {
    const { origin, requests } = await startFileServer((request, response, count) =>
      count === 1 ? cut(response) : sendFile(bytes)(request, response, count),
    );
    await fetchTiny([`${origin}/tiny.onnx`]);
    expect(requests[1]!.headers.range).toBe(`bytes=${half}-`);
    await expectReady();
  });

  it("starts again at a server without ranges, and takes the next address where one is gone", async () => {
    const origin = await serve((request, response, count) => {
      if (request.url === "/gone") response.writeHead(404).end();
      else if (count === 2) cut(response);
      else response.writeHead(200, { "content-length": bytes.length }).end(bytes);
    });
    await fetchTiny([`${origin}/gone`, `${origin}/tiny.onnx`]);
    await expectReady();
  });

  it("is refused with other bytes, of which nothing stays", async () => {
    const wrong = bytes.map((byte) => byte ^ 1);
    const origin = await serve(sendFile(wrong));
    await expect(fetchTiny([`${origin}/tiny.onnx`])).rejects.toMatchObject({ code: "DOWNLOAD_MISMATCH" });
    expect(await readdir(to)).toEqual([]);
  });

  it("is checked and left alone where it is there, without a request", async () => {
    const { origin, requests } = await startFileServer(sendFile(bytes));
    await fetchTiny([`${origin}/tiny.onnx`]);
    expect(await fetchTiny([`${origin}/tiny.onnx`])).toMatchObject({ status: "present", cardStatus: "present" });
    expect(requests).toHaveLength(1);
  });

  it("takes no file of the same name that is another one", async () => {
    await fetchTiny([`${await serve()}/a`]);
    await writeFile(join(to, "tiny.onnx"), "mine");
    await expect(fetchTiny([])).rejects.toMatchObject({ code: "FILE_EXISTS" });
  });

  it("without an address is asked to be put there, and then checked", async () => {
    await expect(fetchTiny([])).rejects.toMatchObject({
      code: "DOWNLOAD_FAILED",
      message: expect.stringContaining("a public address of the backbone; got 'tiny', which has none"),
      hint: expect.stringContaining(hash),
    });
    await fetchTiny([`${await serve()}/a`]);
    expect((await fetchTiny([])).status).toBe("present");
  });

  it("keeps a side-car file that says something else, unless forced", async () => {
    const url = `${await serve()}/tiny.onnx`;
    await fetchTiny([url]);
    const own = JSON.stringify({ layer: "/pool/Pool_output_0" });
    await writeFile(join(to, "tiny.backbone.json"), own);
    expect(await fetchTiny([url])).toMatchObject({ cardStatus: "kept", card: JSON.parse(own) });
    expect(await readFile(join(to, "tiny.backbone.json"), "utf8")).toBe(own);
    expect((await fetchTiny([url], { force: true })).cardStatus).toBe("written");
    await expectReady();
  });

  it("is not fetched with what the catalogue says itself", async () => {
    await expect(fetchTiny(["https://a/b"], { licence: "MIT" })).rejects.toMatchObject({ code: "CLI_USAGE" });
    await expect(fetchBackbone("tny", { to, catalogue: { tiny: entry([]) } })).rejects.toMatchObject({
      code: "CLI_USAGE",
      hint: "did you mean tiny?",
    });
  });
});

describe("a backbone at an address", () => {
  const at = async (path = "/nets/my%20net.onnx", content = bytes): Promise<string> =>
    `${await serve(sendFile(content))}${path}#sha256=${sha256(content)}`;
  const options = { licence: "MIT", ...quick };

  it("gets a side-car file of what was said of it", async () => {
    const { origin, requests } = await startFileServer(sendFile(bytes));
    const address = `${origin.replace("//", "//me:secret@")}/nets/my%20net.onnx?token=secret#sha256=${hash}`;
    const fetched = await fetchBackbone(address, {
      to,
      ...options,
      backboneInput: "imagenet,bgr",
      layer: "/pool/Pool_output_0",
    });
    expect(fetched.path).toBe(join(to, "my net.onnx"));
    expect(requests[0]!.headers.authorization).toMatch(/^Basic /);
    const text = await readFile(fetched.cardPath, "utf8");
    expect(text).not.toContain("secret");
    expect(JSON.parse(text)).toMatchObject({ licence: "MIT", sha256: hash, layer: "/pool/Pool_output_0" });
    expect(await openBackbone(fetched.path)).toMatchObject({ input: { width: 16, order: "bgr" }, licence: "MIT" });
  });

  it("may leave the recipe open, which a training then asks for", async () => {
    const fetched = await fetchBackbone(await at(), { to, ...options });
    expect(fetched.card.input).toBeUndefined();
    await expect(openBackbone(fetched.path)).rejects.toMatchObject({ code: "BACKBONE_INPUT" });
  });

  it.each([
    ["/..%2f..%2fetc%2fpasswd", /^[0-9a-f]{16}\.onnx$/],
    ["/", /^[0-9a-f]{16}\.onnx$/],
    ["/resolve", /^resolve\.onnx$/],
    ["/-rf.onnx", /^[0-9a-f]{16}\.onnx$/],
    ["/a%1b%5b2J.onnx", /^[0-9a-f]{16}\.onnx$/],
  ])("at %s gets a name that is safe on every system", async (path, name) => {
    const fetched = await fetchBackbone(await at(path), { to, ...options });
    expect(fetched.path.slice(to.length + 1)).toMatch(name);
  });

  it.each([
    [{ licence: undefined }, "CLI_USAGE", /the licence of a model/],
    [{ layer: "/pool/Flaten_output_0" }, "LAYER_UNKNOWN", /did you mean \/pool\/Flatten_output_0\?/],
    [{ backboneInput: "imagnet" }, "BACKBONE_INPUT", /did you mean imagenet\?/],
    [{ backboneInput: "imagenet,nhwc" }, "BACKBONE_INPUT", /channels/],
  ])("is refused with %j", async (wrong, code, message) => {
    const { licence, ...given } = { ...options, ...wrong };
    const failure = await fetchBackbone(await at(), { to, ...given, ...(licence && { licence }) }).catch(
      (error) => error,
    );
    expect(failure.code).toBe(code);
    expect(`${failure.message} ${failure.hint}`).toMatch(message);
  });

  it("is refused where it is no model, and without its hash", async () => {
    const text = new TextEncoder().encode("not a model");
    await expect(fetchBackbone(await at("/a.onnx", text), { to, ...options })).rejects.toMatchObject({
      code: "MODEL_UNREADABLE",
    });
    await expect(fetchBackbone("https://host/a.onnx", { to, ...options })).rejects.toMatchObject({
      code: "MODEL_SOURCE_INVALID",
      message: expect.stringContaining("the address of a backbone with its SHA-256"),
    });
  });
});

it("lists the catalogue with what is there, and files of one's own that have a side-car file", async () => {
  const catalogue = { tiny: entry(["https://models.example.org/tiny.onnx"]) };
  expect(await listBackbones(to, catalogue)).toMatchObject([{ name: "tiny", isInCatalogue: true }]);
  await fetchTiny([`${await serve()}/tiny.onnx`]);
  await writeFile(join(to, "own.onnx"), bytes);
  await writeFile(join(to, "own.backbone.json"), JSON.stringify({ licence: "GPL-3.0-only" }));
  await writeFile(join(to, "other.onnx"), bytes);
  expect(await listBackbones(to, catalogue)).toMatchObject([
    { name: "tiny", path: join(to, "tiny.onnx"), isInCatalogue: true },
    { name: "own", path: join(to, "own.onnx"), licence: "GPL-3.0-only", isInCatalogue: false },
  ]);
});

const files = join(import.meta.dirname, "../../../../shared/data/backbones");

it.runIf(existsSync(files))(
  "knows how a file of the catalogue takes pictures without a side-car file, by its hash",
  async () => {
    expect(await openBackbone(join(files, "mobilenet-v1-0.25-224.onnx"))).toMatchObject({
      name: "mobilenet-v1-0.25-224",
      layer: "features",
      licence: "Apache-2.0",
      input: { width: 224, mean: [0.5, 0.5, 0.5] },
    });
  },
);
