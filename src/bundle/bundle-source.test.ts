import { execFileSync } from "node:child_process";
import { mkdir, rename, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { describeBundleSource } from "../../tests/contracts/bundle-source.ts";
import { temporaryFolder } from "../../tests/support/temporary-folder.ts";
import { openBundleSource } from "./bundle-source.ts";

const folder = temporaryFolder();

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

const bundle = new Uint8Array(2000).fill(7);

describeBundleSource("a file", async () => {
  const path = join(folder, "contract.onnx");
  await writeFile(path, bundle);
  return { bytes: bundle, name: "contract", open: (maximumBytes) => openBundleSource(path, maximumBytes) };
});

describeBundleSource("a folder", async () => {
  const path = join(folder, "contract");
  await mkdir(path, { recursive: true });
  await writeFile(join(path, "v1.onnx"), bundle);
  return { bytes: bundle, name: "contract", open: (maximumBytes) => openBundleSource(path, maximumBytes) };
});

describe("a file", () => {
  it("has another stamp when it changes, and the same while it does not", async () => {
    const path = join(folder, "My pets (v2).onnx");
    await writeFile(path, "one");
    const source = await openBundleSource(path);
    expect(source.name).toBe("My-pets-v2");
    const stamp = await source.stamp();
    expect(await source.stamp()).toBe(stamp);
    expect(textOf((await source.read()).bytes)).toBe("one");
    await writeFile(path, "other");
    expect(await source.stamp()).not.toBe(stamp);
    const [size, time] = [await source.stamp(), new Date("2020-01-01")];
    await utimes(path, time, time);
    expect(await source.stamp()).not.toBe(size);
    await rm(path);
    await expect(source.stamp()).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    await expect(source.read()).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });
});

describe("a folder", () => {
  it("is its last bundle in natural order; hidden files and others do not count", async () => {
    const live = join(folder, "live");
    await mkdir(live);
    const source = await openBundleSource(live);
    await expect(source.stamp()).rejects.toMatchObject({ code: "MODEL_SOURCE_INVALID", received: "an empty folder" });
    for (const name of ["v9.onnx", "v10.onnx", ".v11.onnx", "v12.onnx.part", "z.txt"])
      await writeFile(join(live, name), name);
    expect((await source.read()).where).toBe(join(live, "v10.onnx"));
    const stamp = await source.stamp();
    await writeFile(join(live, "v2.onnx"), "older");
    expect(await source.stamp()).toBe(stamp);
    await writeFile(join(live, "v11.onnx"), "newer");
    expect(await source.stamp()).not.toBe(stamp);
    expect(textOf((await source.read()).bytes)).toBe("newer");
    expect(source.name).toBe("live");
    await mkdir(join(live, "v99.onnx"));
    await writeFile(join(live, "v12.ONNX"), "loud");
    expect(textOf((await source.read()).bytes)).toBe("loud");
  });
});

it("reads regular files of bounded size, and sees the bundle that comes after another kind of file", async () => {
  const live = join(folder, "mixed");
  await mkdir(live);
  await writeFile(join(live, "v1.onnx"), "one");
  const source = await openBundleSource(live, 10);
  execFileSync("mkfifo", [join(live, "v2.onnx")]);
  await expect(source.read()).rejects.toMatchObject({ message: expect.stringContaining("got a pipe") });
  await symlink("/dev/zero", join(live, "v3.onnx"));
  await expect(source.read()).rejects.toMatchObject({ message: expect.stringContaining("got a device") });
  await writeFile(join(live, "v4.onnx"), "eleven bytes");
  await expect(source.read()).rejects.toMatchObject({ message: expect.stringContaining("a file of at most 10 B") });
  await writeFile(join(live, "v5.onnx"), "five");
  expect(textOf((await source.read()).bytes)).toBe("five");
});

it("refuses a path where nothing is", async () => {
  await expect(openBundleSource("nowhere.onnx")).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
});

it("sees another file of the same size and time, and calls a nameless one 'model'", async () => {
  const [path, other] = [join(folder, "().onnx"), join(folder, "other")];
  const time = new Date("2026-01-01");
  for (const file of [path, other]) {
    await writeFile(file, "same");
    await utimes(file, time, time);
  }
  const source = await openBundleSource(path);
  expect(source.name).toBe("model");
  const stamp = await source.stamp();
  await rename(other, path);
  expect(await stat(path)).toMatchObject({ size: 4, mtimeMs: time.getTime() });
  expect(await source.stamp()).not.toBe(stamp);
});
