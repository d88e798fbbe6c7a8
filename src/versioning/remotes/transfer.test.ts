import * as fs from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { bucket, type Fault, type S3Server, startS3Server, useS3Server } from "../../../tests/support/s3-server.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { interruption } from "../../base/cancel.ts";
import { objectPath, readTree } from "../cache/object-cache.ts";
import { type DataHash, objectKeyOf } from "../data-hash.ts";
import { initRepository, openRepository } from "../repo/open-repository.ts";
import type { Repository } from "../repo/repository.ts";
import { addData } from "../workspace/add.ts";
import { fetchObjects } from "./fetch-objects.ts";
import { openRemote, type Remote } from "./open-remote.ts";
import { pullData } from "./pull-data.ts";
import { pushObjects } from "./push-objects.ts";
import { fetchData, pushData } from "./transfer-data.ts";

const fileCount = 40;

/** One more than the files of `data`: their list. */
const objectCount = fileCount + 1;

let root = "";
let repository: Repository;
let server: S3Server;
beforeEach(async () => {
  server = await startS3Server({ pageSize: 7 });
  useS3Server(server.endpoint);
  root = fs.realpathSync(temporaryFolder("remote"));
  await initRepository(root, { noScm: true });
  for (let at = 0; at < fileCount; at++) write(`data/${at % 3}/${at}.jpg`, `picture ${at}`);
});
afterEach(async () => {
  await server.close();
  vi.unstubAllEnvs();
});

function write(path: string, content: string | Uint8Array): void {
  fs.mkdirSync(join(root, path, ".."), { recursive: true });
  fs.writeFileSync(join(root, path), content);
}

/** Adds `data` and sets the remote up, in S3 or in the folder `store`. */
async function addTo(kind: "S3" | "a folder", more = ""): Promise<DataHash> {
  const url = kind === "S3" ? `s3://${bucket}/dvc` : "../store";
  const config = `[core]\n    no_scm = true\n    remote = main\n['remote "main"']\n    url = ${url}\n${more}`;
  fs.writeFileSync(join(root, ".dvc/config"), config);
  repository = await openRepository(root);
  const { added } = await addData(repository, ["data"], { folder: root });
  return { md5: added[0]!.md5, algorithm: "md5" };
}

function keysIn(kind: "S3" | "a folder"): readonly string[] {
  if (kind === "S3") return [...server.objects.keys()].map((key) => key.replace("dvc/", "")).sort();
  const store = join(root, "store");
  if (!fs.existsSync(store)) return [];
  const names = fs.readdirSync(store, { recursive: true, encoding: "utf8" });
  return names.filter((name) => fs.statSync(join(store, name)).isFile()).sort();
}

function forget(): void {
  fs.rmSync(join(root, ".dvc/cache"), { recursive: true, force: true });
}

async function withRemote<T>(work: (remote: Remote) => Promise<T>): Promise<T> {
  const remote = await openRemote(repository);
  try {
    return await work(remote);
  } finally {
    await remote.store.close();
  }
}

const faults: readonly Fault[] = [{ status: 503, code: "SlowDown" }, "drop", "cut", "mute"];

/** Every third request fails, each time in another way. */
function failEveryThird(): void {
  for (let at = 0; at < 3000; at++) server.faults.push(at % 3 === 2 ? faults[((at / 3) % 4) | 0] : undefined);
}

describe.each(["S3", "a folder"] as const)("a remote in %s", (kind) => {
  it("has what was pushed, each object once, and gives it back", async () => {
    const folder = await addTo(kind);
    expect(await pushData(repository, [])).toMatchObject({ objects: objectCount });
    const files = await readTree(repository, folder);
    const keys = [folder, ...files.map(({ md5 }) => ({ md5, algorithm: "md5" as const }))].map(objectKeyOf).sort();
    expect(keysIn(kind)).toEqual(keys);
    expect(await pushData(repository, [])).toMatchObject({ objects: 0, bytes: 0, remotes: [{ outputs: 1 }] });
    forget();
    fs.rmSync(join(root, "data"), { recursive: true });
    const pulled = await pullData(repository, []);
    expect(pulled).toMatchObject({ objects: objectCount, checkedOut: [{ path: "data", added: fileCount }] });
    expect(fs.readFileSync(join(root, "data/1/4.jpg"), "utf8")).toBe("picture 4");
    expect(fs.statSync(objectPath(repository, folder)).mode & 0o777).toBe(0o444);
    expect(await fetchData(repository, [])).toMatchObject({ objects: 0 });
  });

  it("gets an object again that is there with another size", async () => {
    const folder = await addTo(kind);
    await pushData(repository, []);
    const [key] = keysIn(kind);
    if (kind === "S3") server.objects.set(`dvc/${key}`, Buffer.from("p"));
    else {
      fs.chmodSync(join(root, "store", key!), 0o644);
      fs.writeFileSync(join(root, "store", key!), "");
    }
    expect(await pushData(repository, [])).toMatchObject({ objects: 1 });
    forget();
    await withRemote((remote) => fetchObjects(repository, remote, [folder]));
  });

  it("never gives an object with other content its name", async () => {
    await addTo(kind);
    await pushData(repository, []);
    const key = keysIn(kind).find((name) => !name.endsWith(".dir"))!;
    if (kind === "S3") server.objects.set(`dvc/${key}`, Buffer.from("picture x"));
    else {
      fs.chmodSync(join(root, "store", key), 0o644);
      fs.writeFileSync(join(root, "store", key), "picture x");
    }
    forget();
    await expect(fetchData(repository, [])).rejects.toMatchObject({ code: "DATA_OBJECT_CORRUPT" });
    const here = fs.readdirSync(join(root, ".dvc/cache/files/md5"), { recursive: true, encoding: "utf8" });
    const objects = here.filter((name) => fs.statSync(join(root, ".dvc/cache/files/md5", name)).isFile());
    expect(objects.length).toBe(objectCount - 1);
    expect(objects.map((name) => `files/md5/${name}`)).not.toContain(key);
  });

  it("does not get a damaged object of the cache, nor the folder that needs it", async () => {
    const folder = await addTo(kind);
    const [file] = await readTree(repository, folder);
    const path = objectPath(repository, { md5: file!.md5, algorithm: "md5" });
    fs.chmodSync(path, 0o644);
    fs.writeFileSync(path, "damaged");
    await expect(pushData(repository, [])).rejects.toMatchObject({ code: "DATA_OBJECT_CORRUPT" });
    expect(keysIn(kind).length).toBe(objectCount - 2);
    expect(keysIn(kind)).not.toContain(objectKeyOf(folder));
    expect(fs.existsSync(`${path}.corrupt`)).toBe(true);
  });

  it("says what nobody has, after the rest was transferred", async () => {
    const folder = await addTo(kind);
    const [file] = await readTree(repository, folder);
    fs.rmSync(objectPath(repository, { md5: file!.md5, algorithm: "md5" }));
    await expect(pushData(repository, [])).rejects.toMatchObject({
      code: "DATA_OBJECT_MISSING",
      required: "1 object in the cache or in the remote",
    });
    expect(keysIn(kind).length).toBe(objectCount - 2);
    forget();
    await expect(fetchData(repository, [])).rejects.toMatchObject({ code: "DATA_OBJECT_MISSING" });
  });

  it("stops where it is cancelled", async () => {
    await addTo(kind);
    const signal = AbortSignal.abort(interruption("SIGINT"));
    await expect(pushData(repository, [], { signal })).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect(keysIn(kind)).toEqual([]);
  });
});

describe("a remote in S3 that fails every third request", () => {
  it("has all in the end, and nothing half", async () => {
    const folder = await addTo("S3");
    failEveryThird();
    await pushUntilDone(() => pushData(repository, []));
    server.faults.length = 0;
    const files = await readTree(repository, folder);
    expect(server.objects.size).toBe(objectCount);
    for (const { md5, path } of files) {
      const stored = server.objects.get(`dvc/${objectKeyOf({ md5, algorithm: "md5" })}`);
      expect(Buffer.from(stored!).toString()).toBe(fs.readFileSync(join(root, "data", path), "utf8"));
    }
    forget();
    failEveryThird();
    await pushUntilDone(() => fetchData(repository, []));
    await withRemote((remote) =>
      expect(fetchObjects(repository, remote, [folder])).resolves.toMatchObject({ objects: 0 }),
    );
  });

  it("says how much is missing where it never answers, and goes on with the next run", async () => {
    await addTo("S3");
    for (let at = 0; at < 20_000; at++) server.faults.push(at < 4 ? undefined : { status: 403, code: "AccessDenied" });
    await expect(pushData(repository, [])).rejects.toMatchObject({
      code: "DATA_TRANSFER_INCOMPLETE",
      required: "41 objects to be sent",
      received: expect.stringContaining("access denied"),
    });
    const before = server.objects.size;
    server.faults.length = 0;
    expect(await pushData(repository, [])).toMatchObject({ objects: objectCount - before });
  });
});

/** People run it again; what was done stays done. */
async function pushUntilDone(run: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await run();
      return;
    } catch (error) {
      if (attempt === 5) throw error;
    }
  }
}

describe("what is transferred", () => {
  it("goes in parts where it is large", async () => {
    write("large.bin", Buffer.alloc(20 * 2 ** 20, "large"));
    await addTo("S3");
    await addData(repository, ["large.bin"], { folder: root });
    await pushData(repository, ["large.bin"], { folder: root });
    expect(server.requests.filter((line) => line.includes("partNumber=")).length).toBe(2);
    expect([...server.objects.values()].map(({ length }) => length)).toEqual([20 * 2 ** 20]);
    expect(server.openUploads()).toEqual([]);
    forget();
    fs.rmSync(join(root, "large.bin"));
    await pullData(repository, ["large.bin"], { folder: root });
    expect(fs.readFileSync(join(root, "large.bin")).equals(Buffer.alloc(20 * 2 ** 20, "large"))).toBe(true);
  });

  it("goes to the remote of its output, and not at all with push: false", async () => {
    write("other.txt", "other");
    write("own.txt", "own");
    await addTo("a folder", `['remote "second"']\n    url = ../second\n`);
    await addData(repository, ["other.txt", "own.txt"], { folder: root });
    fs.appendFileSync(join(root, "other.txt.dvc"), "  remote: second\n");
    fs.appendFileSync(join(root, "own.txt.dvc"), "  push: false\n");
    const { remotes } = await pushData(repository, []);
    expect(remotes.map(({ name, objects }) => [name, objects])).toEqual([
      ["main", objectCount],
      ["second", 1],
    ]);
    expect(keysIn("a folder").length).toBe(objectCount);
    // What belongs to another remote is left there.
    expect((await pushData(repository, [], { remote: "main" })).remotes).toMatchObject([{ name: "main", outputs: 1 }]);
  });

  it("leaves out what no target names", async () => {
    write("other.txt", "other");
    await addTo("a folder");
    await addData(repository, ["other.txt"], { folder: root });
    expect(await pushData(repository, ["other.txt"], { folder: root })).toMatchObject({ objects: 1 });
    await expect(pushData(repository, ["no.txt"], { folder: root })).rejects.toMatchObject({
      code: "DATA_NOT_TRACKED",
    });
  });

  it("takes the records of past runs along where that is asked for", async () => {
    await addTo("a folder");
    const key = `runs/ab/ab${"1".repeat(62)}/${"2".repeat(64)}`;
    write(`.dvc/cache/${key}`, "cmd: true\n");
    write(".dvc/cache/runs/ab/stray", "no record");
    await pushData(repository, []);
    expect(keysIn("a folder")).not.toContain(key);
    expect(await pushData(repository, [], { runCache: true })).toMatchObject({ remotes: [{ records: 1 }] });
    expect(keysIn("a folder").filter((name) => name.startsWith("runs"))).toEqual([key]);
    forget();
    expect(await fetchData(repository, [], { runCache: true })).toMatchObject({ remotes: [{ records: 1 }] });
    expect(fs.readFileSync(join(root, ".dvc/cache", key), "utf8")).toBe("cmd: true\n");
  });

  it("is complete where there is work for several threads", async () => {
    for (let at = 0; at < 700; at++) write(`many/${at}`, `file ${at}`);
    await addTo("a folder");
    const { added } = await addData(repository, ["many"], { folder: root });
    const hash: DataHash = { md5: added[0]!.md5, algorithm: "md5" };
    await withRemote((remote) =>
      expect(pushObjects(repository, remote, [hash])).resolves.toMatchObject({ objects: 701 }),
    );
    forget();
    await withRemote((remote) =>
      expect(fetchObjects(repository, remote, [hash])).resolves.toMatchObject({ objects: 701 }),
    );
  });
});

describe("a remote that cannot be used", () => {
  it.each([
    ["ssh://host/path", "the protocol ssh"],
    ["gs://bucket", "the protocol gs"],
    ["azure://container", "the protocol azure"],
    ["gdrive://root", "the protocol gdrive"],
    ["https://example.com/dvc", "the protocol https"],
  ])("%s is refused by name", async (url, received) => {
    await addTo("a folder", `['remote "other"']\n    url = ${url}\n`);
    await expect(openRemote(repository, "other")).rejects.toMatchObject({ code: "DATA_FEATURE_UNSUPPORTED", received });
  });

  it.each(["version_aware", "worktree"])("with %s is refused by name", async (key) => {
    await addTo("S3", `    ${key} = true\n`);
    const received = `the setting ${key}`;
    await expect(openRemote(repository)).rejects.toMatchObject({ code: "DATA_FEATURE_UNSUPPORTED", received });
  });

  it("is named where it is unknown", async () => {
    await addTo("a folder");
    await expect(openRemote(repository, "mian")).rejects.toMatchObject({
      code: "DATA_REMOTE_UNKNOWN",
      hint: expect.stringContaining("main"),
    });
  });
});
