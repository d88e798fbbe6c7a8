import { statSync } from "node:fs";
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { describeBundleSource } from "../../tests/contracts/bundle-source.ts";
import { type Answer, sendFile, startFileServer } from "../../tests/support/file-server.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { interruption } from "../base/cancel.ts";
import { sha256 } from "../base/hash.ts";
import { createRandom } from "../base/random.ts";
import { parseBundleUrl } from "./bundle-url.ts";
import { readUrlBundle, type UrlBundleOptions, urlSource } from "./url-source.ts";

const random = createRandom("bundles by URL");
const content = Uint8Array.from({ length: 200_000 }, () => random.integer(256));
const hash = sha256(content);
const folder = temporaryFolder();

let caches = 0;
/** Of a test's own. */
function newCache(): UrlBundleOptions {
  const own = join(folder, `${++caches}`);
  return { cache: join(own, "cache"), sharedCache: `${own}-shared`, maximumBytes: 2 ** 20, waitMs: 1, stallMs: 300 };
}

const addressAt = (origin: string, path = "/pets.onnx", hex = hash) => parseBundleUrl(`${origin}${path}#sha256=${hex}`);

describeBundleSource("a URL", async () => {
  const { origin } = await startFileServer(sendFile(content));
  const options = newCache();
  return {
    bytes: content,
    name: "pets",
    open: async (maximumBytes) => urlSource(addressAt(origin), { ...options, maximumBytes }),
  };
});

describe("a bundle by URL", () => {
  it("is downloaded once; a second start finds it in the cache, and one that was damaged there is fetched again", async () => {
    const { origin, requests } = await startFileServer(sendFile(content));
    const options = newCache();
    const first = await readUrlBundle(addressAt(origin), options);
    expect(first.where).toBe(`${origin}/pets.onnx#sha256=${hash}`);
    expect(await readdir(options.cache)).toEqual([`${hash}.onnx`]);
    const again = await readUrlBundle(addressAt("http://127.0.0.1:1"), options);
    expect(Buffer.compare(again.bytes, content)).toBe(0);
    expect(requests).toHaveLength(1);
    await writeFile(first.path, "damaged");
    expect(Buffer.compare((await readUrlBundle(addressAt(origin), options)).bytes, content)).toBe(0);
    expect(requests).toHaveLength(2);
  });

  it("is downloaded once where several ask at the same time", async () => {
    const { origin, requests } = await startFileServer(sendFile(content));
    const options = newCache();
    const all = await Promise.all([1, 2, 3].map(() => readUrlBundle(addressAt(origin), options)));
    expect(all.every(({ bytes }) => Buffer.compare(bytes, content) === 0)).toBe(true);
    expect(requests).toHaveLength(1);
  });

  it("goes on where a connection was cut, and where it was interrupted", async () => {
    const controller = new AbortController();
    const options = newCache();
    const cut: Answer = (request, response, count) => {
      const from = Number(/\d+/.exec(request.headers.range ?? "0")![0]);
      if (count > 2) return sendFile(content)(request, response, count);
      const range = from > 0 && { "content-range": `bytes ${from}-${content.length - 1}/${content.length}` };
      response.writeHead(from > 0 ? 206 : 200, { etag: '"a"', "content-length": content.length - from, ...range });
      response.write(content.subarray(from, from + 50_000));
      // Once the client has kept it.
      const look = setInterval(() => {
        const kept = statSync(join(options.cache, `${hash}.onnx.part`), { throwIfNoEntry: false })?.size ?? 0;
        if (kept < from + 50_000) return;
        clearInterval(look);
        if (count === 1) response.destroy();
        else controller.abort(interruption("SIGTERM"));
      }, 5);
    };
    const { origin, requests } = await startFileServer(cut);
    const ended = readUrlBundle(addressAt(origin), { ...options, signal: controller.signal });
    await expect(ended).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect(Buffer.compare((await readUrlBundle(addressAt(origin), options)).bytes, content)).toBe(0);
    // Each time from where the part ended; a connection that was cut may take a second attempt to say so.
    const ranges = requests.slice(1).map(({ headers }) => headers.range);
    expect([...new Set(ranges)]).toEqual(["bytes=50000-", "bytes=100000-"]);
    expect(await readdir(options.cache)).toEqual([`${hash}.onnx`]);
  });

  it("starts again where there is nothing behind the part", async () => {
    const whole = sendFile(content);
    const { origin, requests } = await startFileServer((request, response, count) => {
      if (request.headers.range === undefined) whole(request, response, count);
      else response.writeHead(416).end();
    });
    const options = newCache();
    await mkdir(options.cache, { recursive: true });
    const part = join(options.cache, `${hash}.onnx.part`);
    await writeFile(part, content);
    await writeFile(`${part}.json`, JSON.stringify({ url: `${origin}/pets.onnx`, validator: '"a"' }));
    expect(Buffer.compare((await readUrlBundle(addressAt(origin), options)).bytes, content)).toBe(0);
    expect(requests).toHaveLength(2);
  });

  it("lies in the folder for temporary files where the working folder cannot be written", async () => {
    const { origin, requests } = await startFileServer(sendFile(content));
    const options = newCache();
    const file = join(folder, "a file in the way");
    await writeFile(file, "");
    const blocked = { ...options, cache: join(file, "bundles") };
    const { path } = await readUrlBundle(addressAt(origin), blocked);
    expect(path).toBe(join(options.sharedCache, `${hash}.onnx`));
    expect((await stat(options.sharedCache)).mode & 0o777).toBe(0o700);
    await readUrlBundle(addressAt(origin), blocked);
    expect(requests).toHaveLength(1);
  });

  it("is not written through a link that another user may have put there", async () => {
    const { origin } = await startFileServer(sendFile(content));
    const options = newCache();
    const file = join(folder, "another file in the way");
    await writeFile(file, "");
    const blocked = { ...options, cache: join(file, "bundles"), sharedCache: file };
    await expect(readUrlBundle(addressAt(origin), blocked)).rejects.toMatchObject({
      code: "FILE_WRITE_FAILED",
      message: expect.stringContaining("a folder of this user; got no folder"),
    });
  });

  it("is asked for with user and password, which no other origin is sent", async () => {
    const elsewhere = await startFileServer(sendFile(content));
    const { origin, requests } = await startFileServer((request, response) => {
      const location = request.url === "/pets.onnx" ? "/moved" : `${elsewhere.origin.replace("//", "//you:secret@")}/x`;
      response.writeHead(302, { location }).end();
    });
    await readUrlBundle(addressAt(origin.replace("//", "//me:secret@")), newCache());
    const basic = `Basic ${Buffer.from("me:secret").toString("base64")}`;
    expect(requests.map(({ headers }) => headers.authorization)).toEqual([basic, basic]);
    expect(elsewhere.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });
});

describe("a bundle by URL that is refused", () => {
  const page = Buffer.from(`<!-- portal -->\n<!DOCTYPE html><html><body>${"Sign in ".repeat(50)}</body></html>`);
  const endless: Answer = (_, response) => {
    const more = (): void => {
      if (!response.destroyed) response.write(content, () => setImmediate(more));
    };
    more();
  };
  it.each<[string, Answer, string, RegExp]>([
    ["another file", sendFile(content.subarray(1)), "DOWNLOAD_MISMATCH", /SHA-256 [0-9a-f]{64}; got one with/],
    ["an HTML page", sendFile(page, "text/html"), "DOWNLOAD_MISMATCH", /got an HTML page with/],
    ["none", (_, response) => response.writeHead(404).end(), "DOWNLOAD_FAILED", /got status 404/],
    ["a locked one", (_, response) => response.writeHead(401).end(), "DOWNLOAD_FAILED", /got status 401/],
    ["cut connections", (_, response) => response.destroy(), "DOWNLOAD_FAILED", /from its address; got /],
    ["silence", () => undefined, "DOWNLOAD_FAILED", /no byte for 300 ms/],
    ["a longer one", sendFile(new Uint8Array(2 ** 21)), "DOWNLOAD_MISMATCH", /at most 1\.0 MB; got 2\.1 MB/],
    ["one without end", endless, "DOWNLOAD_MISMATCH", /at most 1\.0 MB; got more/],
    ["circles", (_, response) => response.writeHead(302, { location: "/x" }).end(), "DOWNLOAD_FAILED", /redirects/],
  ])("for %s, with nothing left that could be served", async (_, answer, code, message) => {
    const { origin } = await startFileServer(answer);
    const options = { ...newCache(), attempts: 2 };
    const address = addressAt(origin.replace("//", "//me:secret@"), "/pets.onnx?token=secret");
    const failure = await readUrlBundle(address, options).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code, message: expect.stringMatching(message), where: address.shown });
    expect(JSON.stringify(failure)).not.toContain("secret");
    expect((await readdir(options.cache)).filter((name) => /\.onnx$|\.lock$/.test(name))).toEqual([]);
  });

  it("for one that takes longer than it may", async () => {
    const { origin } = await startFileServer((_, response) => {
      response.writeHead(200, { "content-length": content.length });
      const drip = setInterval(() => response.write("x"), 20);
      response.on("close", () => clearInterval(drip));
    });
    await expect(readUrlBundle(addressAt(origin), { ...newCache(), timeoutMs: 300 })).rejects.toMatchObject({
      code: "DOWNLOAD_FAILED",
      message: expect.stringContaining("within 300 ms"),
    });
  });
});

describe("a service's source by URL", () => {
  it("asks a server that failed again after half a minute, not at every look", async () => {
    let isThere = false;
    const { origin, requests } = await startFileServer((request, response, count) =>
      isThere ? sendFile(content)(request, response, count) : response.writeHead(404).end(),
    );
    let nowMs = 0;
    const source = urlSource(addressAt(origin), newCache(), () => nowMs);
    const failed = { code: "DOWNLOAD_FAILED" };
    await expect(source.read()).rejects.toMatchObject(failed);
    isThere = true;
    nowMs = 29_999;
    await expect(source.read()).rejects.toMatchObject(failed);
    expect(requests).toHaveLength(1);
    nowMs = 30_000;
    expect(Buffer.compare((await source.read()).bytes, content)).toBe(0);
  });

  it("ends a download when it is closed", async () => {
    const { origin } = await startFileServer((_, response) => response.writeHead(200).flushHeaders());
    const source = urlSource(addressAt(origin), { ...newCache(), stallMs: 60_000 });
    const reading = source.read();
    const ended = expect(reading).rejects.toMatchObject({ code: "INTERRUPTED" });
    await source.close?.();
    await ended;
  });
});
