import { mkdtemp, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { interruption } from "../cancel.ts";
import { sha256 } from "../hash.ts";
import { createRandom } from "../random.ts";
import { type DownloadOptions, downloadFile } from "./download.ts";

const random = createRandom("download");
const content = Uint8Array.from({ length: 300_000 }, () => random.integer(256));
const quick: DownloadOptions = { waitMs: 1, stallMs: 300 };

type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void;

let folder = "";
let to = "";
let server: Server | undefined;
let requests: IncomingMessage[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pawprint-download-"));
  to = join(folder, "set.zip");
  requests = [];
});
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

/** A server on this machine; gives the address of its file. */
async function serve(handler: Handler): Promise<string> {
  server = createServer((request, response) => {
    requests.push(request);
    handler(request, response, requests.length);
  });
  await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server!.address() as AddressInfo).port}/set.zip`;
}

/** Answers ranges as file servers do. */
function send(request: IncomingMessage, response: ServerResponse, { etag = '"a"', bytes = content } = {}): void {
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1];
  const isRange = range !== undefined && request.headers["if-range"] === etag;
  const part = bytes.subarray(isRange ? Number(range) : 0);
  response.writeHead(isRange ? 206 : 200, {
    etag,
    "content-length": part.length,
    ...(isRange && { "content-range": `bytes ${range}-${bytes.length - 1}/${bytes.length}` }),
  });
  response.end(part);
}

/** Promises all and hangs up once some of it is on the other side's disk. */
function drop(response: ServerResponse, from: number, count: number, etag = '"a"'): void {
  const headers = { etag, "content-length": content.length - from };
  response.writeHead(from > 0 ? 206 : 200, {
    ...headers,
    ...(from > 0 && { "content-range": `bytes ${from}-${content.length - 1}/${content.length}` }),
  });
  response.write(content.subarray(from, from + count), async () => {
    await vi.waitUntil(async () => (await stat(`${to}.part`).catch(() => ({ size: 0 }))).size >= from + count);
    response.destroy();
  });
}

const download = (urls: readonly string[], options: DownloadOptions = {}) =>
  downloadFile({ urls, to, sha256: sha256(content), sizeBytes: content.length }, { ...quick, ...options });
const expectWhole = async (): Promise<void> => {
  expect(Buffer.compare(await readFile(to), content)).toBe(0);
  expect(await readdir(folder)).toEqual(["set.zip"]);
};

describe("a download", () => {
  it("gives the file its name once it is whole, and shows its bytes", async () => {
    let shown = 0;
    const url = await serve((request, response) => send(request, response));
    const advance = (count = 1): void => {
      shown += count;
    };
    const progress = { start: () => ({ advance, done: () => {}, fail: () => {} }) };
    expect(await download([url], { progress })).toBe("downloaded");
    expect(shown).toBe(content.length);
    await expectWhole();
  });

  it("asks nobody where the file is there already, and leaves another file alone", async () => {
    await writeFile(to, content);
    expect(await download(["http://127.0.0.1:1/"])).toBe("present");
    await writeFile(to, "mine");
    await expect(download(["http://127.0.0.1:1/"])).rejects.toMatchObject({ code: "FILE_EXISTS" });
    expect(await readFile(to, "utf8")).toBe("mine");
  });

  it("goes on where connections were dropped, however often, as long as bytes come", async () => {
    const url = await serve((request, response, count) => {
      const from = Number(/\d+/.exec(request.headers.range ?? "0")![0]);
      if (count <= 8) drop(response, from, 30_000);
      else send(request, response);
    });
    await download([url], { attempts: 3 });
    expect(requests.slice(1).every(({ headers }) => headers.range !== undefined)).toBe(true);
    await expectWhole();
  });

  it("continues in a later call what an earlier one began", async () => {
    const url = await serve((request, response) =>
      requests.length === 1 ? drop(response, 0, 90_000) : send(request, response),
    );
    await expect(download([url], { attempts: 1 }))
      .resolves.toBe("downloaded")
      .catch(() => undefined);
    await download([url]);
    await expectWhole();
  });

  it("starts anew where the server has other bytes by now, or knows no ranges", async () => {
    const changed = await serve((request, response, count) =>
      count === 1 ? drop(response, 0, 50_000, '"old"') : send(request, response, { etag: '"new"' }),
    );
    await download([changed]);
    expect(requests[1]!.headers["if-range"]).toBe('"old"');
    await expectWhole();
  });

  it("starts anew at a server that ignores ranges", async () => {
    const url = await serve((_, response, count) => {
      if (count === 1) return drop(response, 0, 50_000);
      response.writeHead(200, { "content-length": content.length }).end(content);
    });
    await download([url]);
    await expectWhole();
  });

  it("waits and tries again for 503, 429 and a connection on which nothing comes", async () => {
    const url = await serve((request, response, count) => {
      if (count === 1) response.writeHead(503, { "retry-after": "0" }).end();
      else if (count === 2) response.writeHead(429).end();
      else if (count === 3) response.writeHead(200, { "content-length": content.length }).flushHeaders();
      else send(request, response);
    });
    await download([url]);
    expect(requests).toHaveLength(4);
    await expectWhole();
  });

  it("takes the next address where one is gone", async () => {
    const url = await serve((request, response) =>
      request.url === "/set.zip" ? send(request, response) : response.writeHead(404).end(),
    );
    await download([url.replace("set.zip", "gone"), url]);
    await expectWhole();
  });

  it("follows a few redirects, relative ones too", async () => {
    const url = await serve((request, response) => {
      if (request.url === "/real") send(request, response);
      else response.writeHead(302, { location: request.url === "/set.zip" ? "/next" : "real" }).end();
    });
    await download([url]);
    await expectWhole();
  });

  it("keeps what came when it is interrupted", async () => {
    const controller = new AbortController();
    const url = await serve((_, response) => {
      response.writeHead(200, { etag: '"a"', "content-length": content.length });
      response.write(content.subarray(0, 50_000), () => setTimeout(() => controller.abort(interruption("SIGINT")), 50));
    });
    await expect(download([url], { signal: controller.signal, stallMs: 10_000 })).rejects.toMatchObject({
      code: "INTERRUPTED",
    });
    expect((await readdir(folder)).sort()).toEqual(["set.zip.part", "set.zip.part.json"]);
  });
});

describe("a download that is refused", () => {
  const refused = async (handler: Handler, code: string, message: RegExp): Promise<void> => {
    const url = await serve(handler);
    await expect(download([url], { attempts: 2 })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(await readdir(folder)).not.toContain("set.zip");
  };

  it.each([
    ["wrong bytes", () => content.map((byte) => byte ^ 1), /SHA-256 [0-9a-f]{64}; got one with [0-9a-f]{64}/],
    ["another length", () => content.subarray(1), /a file of 300000 bytes, as it was published; got 299999 bytes/],
  ])("for %s, which do not stay", async (_, bytes, message) => {
    await refused((request, response) => send(request, response, { bytes: bytes() }), "DOWNLOAD_MISMATCH", message);
    expect((await readdir(folder)).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  it("for more bytes than were published, where no length was stated", async () => {
    const endless: Handler = (_, response) => {
      response.writeHead(200);
      const more = (): void => {
        // In a turn of its own, in which the end of the connection is noticed.
        if (!response.destroyed) response.write(content, () => setImmediate(more));
      };
      more();
    };
    await refused(endless, "DOWNLOAD_MISMATCH", /more than 300000 bytes/);
  });

  it("for an address that is gone, at once", async () => {
    await refused((_, response) => response.writeHead(404).end(), "DOWNLOAD_FAILED", /status 404/);
    expect(requests).toHaveLength(1);
  });

  it.each([
    ["in circles", "/set.zip", /more than 5 redirects/],
    ["to a file of this machine", "file:///etc/passwd", /file:\/\/, which is not followed/],
  ])("for redirects %s", async (_, location, message) => {
    await refused((__, response) => response.writeHead(302, { location }).end(), "DOWNLOAD_FAILED", message);
  });

  it("for a server that always breaks off without a byte, after its attempts", async () => {
    await refused((_, response) => response.destroy(), "DOWNLOAD_FAILED", /set\.zip/);
    expect(requests.length).toBeLessThanOrEqual(2);
  });
});
