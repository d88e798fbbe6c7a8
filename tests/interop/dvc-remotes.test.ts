/** Remotes and imports, with the real DVC at the other end and an S3 server that is not ours. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openS3 } from "../../src/dataset/sources/s3.ts";
import { readBytesOf } from "../../src/storage/object-store.ts";
import { openS3Store } from "../../src/storage/s3-store.ts";
import { importUrl } from "../../src/versioning/remotes/import-url.ts";
import { pullData } from "../../src/versioning/remotes/pull-data.ts";
import { pushData } from "../../src/versioning/remotes/transfer-data.ts";
import { openRepository } from "../../src/versioning/repo/open-repository.ts";
import { describeObjectStore } from "../contracts/object-store.ts";
import { awkwardFileNames } from "../contracts/source.ts";
import { findDvc, git } from "../support/dvc-peer.ts";
import { findPeerPython } from "../support/peer-python.ts";
import { useS3Server } from "../support/s3-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const home = temporaryFolder("remotes");
const dvc = await findDvc(home);
const python = await findPeerPython(["moto"], () => undefined);
const isThere = dvc !== undefined && python !== undefined;

let server: ChildProcess | undefined;
let endpoint = "";
beforeAll(async () => {
  if (!isThere) return;
  const port = await freePort();
  endpoint = `http://127.0.0.1:${port}`;
  server = spawn(python, ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
  for (let attempt = 0; attempt < 300; attempt++) {
    if (
      await fetch(endpoint).then(
        () => true,
        () => false,
      )
    )
      break;
    await pause(200);
  }
  useS3Server(endpoint);
  await fetch(`${endpoint}/pets`, { method: "PUT" });
});
afterAll(() => {
  server?.kill();
  vi.unstubAllEnvs();
});

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** A new repository, whose default remote has these settings. */
function repositoryWith(name: string, url: string, more = ""): string {
  const root = join(home, name);
  mkdirSync(join(root, ".dvc"), { recursive: true });
  git(root, "init", "-q");
  writeFileSync(join(root, ".dvc/config"), `[core]\n    remote = main\n['remote "main"']\n    url = ${url}\n${more}`);
  return root;
}

function write(root: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), content);
  }
}

const contentOf = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => statSync(join(folder, name)).isFile())
      .sort()
      .map((name) => [name, readFileSync(join(folder, name)).toString("base64")]),
  );

const data = {
  "data/a.txt": "a\n",
  "data/größe/b 'q'.txt": "b\n",
  "data/empty": "",
  // Above the size of one part.
  "large.bin": Buffer.alloc(20 * 2 ** 20, "large"),
};

async function keysBelow(prefix: string): Promise<readonly string[]> {
  const store = await openS3Store({ bucket: "pets", prefix });
  const keys: string[] = [];
  for await (const { key } of store.list()) keys.push(key);
  await store.close();
  return keys;
}

describe.skipIf(!isThere)("an S3 server that is not ours", () => {
  let count = 0;
  const openStore = async () => ({
    store: await openS3Store({ bucket: "pets", prefix: `contract-${count++}/` }, { partBytes: 5 * 2 ** 20 }),
  });
  // Its routes know no line break.
  describeObjectStore(
    "a prefix in moto",
    openStore,
    awkwardFileNames.filter((name) => !name.includes("\n")),
  );

  it("holds what Pawprint pushes as DVC would, and DVC pulls it; the other way too", async () => {
    const settings = `    endpointurl = ${endpoint}\n    access_key_id = key\n    secret_access_key = secret\n`;
    const ours = repositoryWith("ours", "s3://pets/ours", settings);
    const theirs = repositoryWith("theirs", "s3://pets/theirs", settings);
    for (const root of [ours, theirs]) {
      write(root, data);
      await dvc!(root, "add", "data", "large.bin");
    }
    vi.stubEnv("AWS_ACCESS_KEY_ID", undefined);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", undefined);
    try {
      expect(await pushData(await openRepository(ours), [])).toMatchObject({ objects: 5 });
      await dvc!(theirs, "push");
      useS3Server(endpoint);
      expect(await keysBelow("ours/")).toEqual(await keysBelow("theirs/"));
      for (const root of [ours, theirs]) {
        const before = { ...contentOf(join(root, "data")), large: String(statSync(join(root, "large.bin")).size) };
        for (const name of [".dvc/cache", "data", "large.bin"]) rmSync(join(root, name), { recursive: true });
        if (root === ours) await dvc!(root, "pull");
        else await pullData(await openRepository(root), []);
        const after = { ...contentOf(join(root, "data")), large: String(statSync(join(root, "large.bin")).size) };
        expect(after).toEqual(before);
        expect((await dvc!(root, "status", "--json")).trim()).toBe("{}");
      }
    } finally {
      useS3Server(endpoint);
    }
  });

  it("is reached by a profile, and by the environment", async () => {
    const files = join(home, "aws");
    write(files, {
      config: `[profile team]\nregion = us-east-1\nendpoint_url = ${endpoint}\n`,
      credentials: "[team]\naws_access_key_id = key\naws_secret_access_key = secret\n",
    });
    const paths = `    profile = team\n    configpath = ${files}/config\n    credentialpath = ${files}/credentials\n`;
    const root = repositoryWith("profile", "s3://pets/profile", paths);
    write(root, { "one.txt": "one" });
    await dvc!(root, "add", "one.txt");
    const none = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "AWS_REGION"];
    for (const name of [...none, "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"]) vi.stubEnv(name, undefined);
    await pushData(await openRepository(root), []);
    useS3Server(endpoint);
    expect((await keysBelow("profile/")).length).toBe(1);
    const other = repositoryWith("environment", "s3://pets/environment");
    write(other, { "one.txt": "one" });
    await dvc!(other, "add", "one.txt");
    await pushData(await openRepository(other), []);
    expect((await keysBelow("environment/")).length).toBe(1);
  });

  it("is a source of pictures", async () => {
    const store = await openS3Store({ bucket: "pets", prefix: "pictures/" });
    for (const label of ["cat", "dog"]) await store.write(`${label}/1.png`, Buffer.from(`png of ${label}`));
    const source = await openS3("s3://pets/pictures");
    const found: [string, string][] = [];
    for await (const sample of source.samples()) {
      if ("bytes" in sample) found.push([sample.id, Buffer.from(await sample.bytes()).toString()]);
    }
    expect(found).toEqual([
      ["cat/1.png", "png of cat"],
      ["dog/1.png", "png of dog"],
    ]);
    expect(Buffer.from(await readBytesOf(store, "dog/1.png")).toString()).toBe("png of dog");
    await source.close();
    await store.close();
  });

  it("gives imports whose .dvc files are DVC's, byte for byte", async () => {
    const settings = `    endpointurl = ${endpoint}\n`;
    const ours = repositoryWith("import-ours", "s3://pets", settings);
    const theirs = repositoryWith("import-theirs", "s3://pets", settings);
    write(home, { "outside/d/a": "a\n", "outside/d/sub/b": "b\n", "outside/f.txt": "hi\n" });
    const addresses: readonly (readonly [string, string])[] = [
      ["remote://main/pictures", "rin"],
      ["remote://main/pictures/cat/1.png", "one.png"],
      ["s3://pets/pictures", "sin"],
      [join(home, "outside/d"), "ld"],
      [join(home, "outside/f.txt"), "lf.txt"],
    ];
    for (const [url, out] of addresses) {
      await importUrl(await openRepository(ours), url, { out, folder: ours });
      await importUrl(await openRepository(ours), url, { out: `no-${out}`, folder: ours, noDownload: true });
      await dvc!(theirs, "import-url", url, out);
      await dvc!(theirs, "import-url", "--no-download", url, `no-${out}`);
      for (const name of [out, `no-${out}`]) {
        const texts = [ours, theirs].map((root) => readFileSync(join(root, `${name}.dvc`), "utf8"));
        expect([name, texts[0]]).toEqual([name, texts[1]]);
      }
      const answer = await dvc!(ours, "status", "--json", `${out}.dvc`);
      expect([out, answer.trim()]).toEqual([out, "{}"]);
    }
    expect(readFileSync(join(ours, ".gitignore"), "utf8")).toBe(readFileSync(join(theirs, ".gitignore"), "utf8"));
  });
});
