/** Work on data in a process that is killed, and what must be whole after it. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import * as fs from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished } from "vitest";

const script = fileURLToPath(new URL("./data-process.ts", import.meta.url));

/** Runs data-process.ts, and kills it so long after its start. True where it ended by itself. */
export async function runAndKill(words: readonly string[], afterMs: number): Promise<boolean> {
  const child = spawn(process.execPath, ["--import", "tsx", script, ...words], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = once(child, "close");
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => {
    printed += chunk.toString();
  });
  while (!printed.includes("ready")) await Promise.race([once(child.stdout, "data"), ended]);
  await Promise.race([pause(afterMs), ended]);
  child.kill("SIGKILL");
  await ended;
  return printed.includes("done");
}

export function writePictures(folder: string, version: string, count: number): void {
  for (let at = 0; at < count; at++) {
    const file = join(folder, `class-${at % 7}`, `${at}.jpg`);
    fs.mkdirSync(join(file, ".."), { recursive: true });
    fs.writeFileSync(file, `${version} ${at} `.repeat(200));
  }
}

/** Text by name, of all files below a folder. */
export function contentOf(folder: string): ReadonlyMap<string, string> {
  const names = fs.readdirSync(folder, { recursive: true, encoding: "utf8" });
  const files = names.filter((name) => fs.statSync(join(folder, name)).isFile());
  return new Map(files.map((name) => [name, fs.readFileSync(join(folder, name), "utf8")]));
}

/** How many objects a cache or a remote in a folder has; each has the content that its name says. */
export function objectsIn(folder: string): number {
  return objectNames(folder).size;
}

/** As `objectsIn`; and what a folder's list names is there too. */
export function wholeFoldersIn(folder: string): number {
  const names = objectNames(folder);
  for (const name of names) {
    if (!name.endsWith(".dir")) continue;
    const path = join(folder, "files/md5", name.slice(0, 2), name.slice(2));
    const files = JSON.parse(fs.readFileSync(path, "utf8")) as readonly { readonly md5: string }[]; // hashed above
    expect(files.filter(({ md5 }) => !names.has(md5))).toEqual([]);
  }
  return names.size;
}

function objectNames(folder: string): ReadonlySet<string> {
  const objects = join(folder, "files/md5");
  if (!fs.existsSync(objects)) return new Set();
  const names = fs.readdirSync(objects, { recursive: true, encoding: "utf8" });
  const hashes = names.filter((name) => /^..[/\\]([0-9a-f]{30})(\.dir)?$/.test(name));
  for (const name of hashes) {
    const md5 = createHash("md5")
      .update(fs.readFileSync(join(objects, name)))
      .digest("hex");
    expect(name.replace(/[/\\]|\.dir$/g, "")).toBe(md5);
  }
  return new Set(hashes.map((name) => name.replace(/[/\\]/, "")));
}
