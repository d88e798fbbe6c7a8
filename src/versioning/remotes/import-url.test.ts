import * as fs from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type S3Server, startS3Server, useS3Server } from "../../../tests/support/s3-server.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { initRepository } from "../repo/open-repository.ts";
import type { Repository } from "../repo/repository.ts";
import { type ImportUrlOptions, importUrl } from "./import-url.ts";

let root = "";
let outside = "";
let repository: Repository;
let s3: S3Server;
let web: Server | undefined;
beforeEach(async () => {
  s3 = await startS3Server();
  useS3Server(s3.endpoint);
  outside = fs.realpathSync(temporaryFolder("outside"));
  root = fs.realpathSync(temporaryFolder("import"));
  repository = await initRepository(root, { noScm: true });
});
afterEach(async () => {
  web?.closeAllConnections();
  await new Promise((resolve) => (web === undefined ? resolve(undefined) : web.close(resolve)));
  web = undefined;
  await s3.close();
  vi.unstubAllEnvs();
});

const bring = (url: string, options: ImportUrlOptions = {}) => importUrl(repository, url, { folder: root, ...options });
const text = (path: string): string => fs.readFileSync(join(root, path), "utf8");

async function serve(headers: () => Readonly<Record<string, string>>, body = "hi\n", isTorn = false): Promise<string> {
  let count = 0;
  web = createServer((request, response) => {
    response.writeHead(200, { "content-type": "text/plain", "content-length": body.length, ...headers() });
    if (request.method === "HEAD") response.end();
    else if (isTorn && count++ === 0) response.write(body.slice(0, 1), () => response.destroy());
    else response.end(body);
  });
  await new Promise<void>((resolve) => web!.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(web.address() as AddressInfo).port}`; // it listens on a port
}

describe("an import from an address", () => {
  // What dvc 3.67.1 wrote for the same files.
  it("writes the .dvc file of a path and of a folder as DVC does", async () => {
    fs.mkdirSync(join(outside, "d/sub"), { recursive: true });
    fs.writeFileSync(join(outside, "d/a"), "a\n");
    fs.writeFileSync(join(outside, "d/sub/b"), "b\n");
    await bring(join(outside, "d"), { out: "ld" });
    const entry = "md5: 8b3662b0d460701f7734cdf533c5aa85.dir\n  size: 4\n  nfiles: 2\n  hash: md5";
    expect(text("ld.dvc").replace(/^md5: .*\n/, "")).toBe(
      `frozen: true\ndeps:\n- ${entry}\n  path: ${outside}/d\nouts:\n- ${entry}\n  path: ld\n`,
    );
    expect(text("ld/sub/b")).toBe("b\n");
    fs.mkdirSync(join(root, "inn"));
    fs.writeFileSync(join(root, "inn/x"), "in\n");
    await importUrl(repository, "x", { folder: join(root, "inn"), out: "y" });
    expect(text("inn/y.dvc")).toBe(
      [
        "md5: de78adfb79d5ea3019c91b5fab16521d\nfrozen: true\ndeps:",
        "- md5: ba8d2b9408ed255ee92a112fe7ba59be\n  size: 3\n  hash: md5\n  path: x\nouts:",
        "- md5: ba8d2b9408ed255ee92a112fe7ba59be\n  size: 3\n  hash: md5\n  path: y\n",
      ].join("\n"),
    );
  });

  it("writes the ETags of S3", async () => {
    s3.objects.set("in/a.txt", Buffer.from("hello"));
    s3.objects.set("in/sub/b.txt", Buffer.from("world"));
    s3.objects.set("one.txt", Buffer.from("one"));
    await bring("s3://pets/one.txt", { out: "sone.txt" });
    expect(text("sone.txt.dvc")).toBe(
      [
        "md5: e4744beb3fbfb0ead15716c5c2206d81\nfrozen: true\ndeps:",
        "- etag: f97c5d29941bfb1b2fdab0874906ab82\n  size: 3\n  hash: md5\n  path: s3://pets/one.txt\nouts:",
        "- md5: f97c5d29941bfb1b2fdab0874906ab82\n  size: 3\n  hash: md5\n  path: sone.txt\n",
      ].join("\n"),
    );
    s3.faults.push(undefined, undefined, undefined, "cut");
    await bring("s3://pets/in", { out: "sin" });
    expect(text("sin.dvc")).toContain("md5: 82571ef70766eb9c4f3758f6c847fbd9\n");
    expect(text("sin.dvc")).toContain("- md5: 92878cc89224dbd553c995f80e573546.dir\n");
    expect([text("sin/a.txt"), text("sin/sub/b.txt")]).toEqual(["hello", "world"]);
    await bring("s3://pets/in", { out: "later", noDownload: true });
    expect(text("later.dvc")).toMatch(/outs:\n- hash: md5\n {2}path: later\n$/);
    expect(fs.existsSync(join(root, "later"))).toBe(false);
  });

  it("remembers a page's ETag, and goes on where a connection broke", async () => {
    const url = await serve(() => ({ etag: '"abc"' }), "hi\n", true);
    await bring(`${url}/f.txt?x=1`);
    expect(text("f.txt")).toBe("hi\n");
    expect(text("f.txt.dvc")).toContain(`- checksum: '"abc"'\n  size: 3\n  hash: md5\n  path: ${url}/f.txt?x=1\n`);
  });

  it("refuses what changes while it is downloaded", async () => {
    let version = 0;
    const url = await serve(() => ({ etag: `"${version++}"` }));
    await expect(bring(`${url}/f.txt`)).rejects.toMatchObject({ code: "SOURCE_CHANGED" });
    expect(fs.readdirSync(root).sort()).toEqual([".dvc", ".dvcignore"]);
  });

  it("replaces nothing without force, and leaves other data alone", async () => {
    fs.writeFileSync(join(outside, "f"), "new");
    fs.writeFileSync(join(root, "f"), "mine");
    await expect(bring(join(outside, "f"))).rejects.toMatchObject({ code: "FILE_EXISTS" });
    expect(text("f")).toBe("mine");
    await bring(join(outside, "f"), { force: true });
    expect(text("f")).toBe("new");
    await expect(bring(join(outside, "f"))).rejects.toMatchObject({ code: "DATA_OVERLAP" });
    await expect(bring(join(outside, "f"), { out: "../f" })).rejects.toMatchObject({ code: "ARGUMENT_INVALID" });
  });

  it.each(["ssh://host/x", "gs://bucket/x", "hdfs://host/x"])("refuses %s by name", async (url) => {
    await expect(bring(url)).rejects.toMatchObject({ code: "DATA_FEATURE_UNSUPPORTED" });
  });

  it("says what is not there", async () => {
    await expect(bring(join(outside, "no"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    await expect(bring("s3://pets/no")).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    await expect(bring("http://127.0.0.1:1/x")).rejects.toMatchObject({ code: "DOWNLOAD_FAILED" });
    expect(fs.readdirSync(root).sort()).toEqual([".dvc", ".dvcignore"]);
  });
});
