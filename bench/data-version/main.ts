/**
 * npm run bench:data-version [-- --json] [-- --rounds N] [-- --files N] [-- --large-mib N]
 *   [-- --folder FOLDER] [-- --only add,status,...]
 *
 * Whole commands on a folder of many small files, start of the process included: `pawprint data`
 * against `dvc`, each in a repository of its own with the same files, in turns; ratios are those of
 * the medians. After each step both repositories are compared: the same `.dvc` file, the same objects.
 * And `pawprint data add` of one large file against `md5sum` and `cp` of it.
 */
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { createRandom } from "../../src/base/random.ts";
import { findPeerPython } from "../../tests/support/peer-python.ts";
import { type BenchmarkResult, median, printBenchmark } from "../report.ts";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "3" },
    files: { type: "string", default: "20000" },
    "large-mib": { type: "string", default: "2048" },
    folder: { type: "string", default: tmpdir() },
    only: { type: "string" },
  },
});
const rounds = Number(options.rounds);
const fileCount = Number(options.files);
const largeMiB = Number(options["large-mib"]);
const only = options.only?.split(",");

const pawprint = fileURLToPath(new URL("../../bin/pawprint.mjs", import.meta.url));
const log = (text: string) => process.stderr.write(`${text}\n`);
const run = promisify(execFile);

/** One tool with its own repository. */
interface Contender {
  readonly name: "pawprint" | "dvc";
  readonly folder: string;
  command(words: readonly string[]): Promise<string>;
}

interface Step {
  readonly name: string;
  readonly words: readonly string[];
  readonly target: number;
  /** Brings the repository to where the step begins; not timed. */
  prepare(contender: Contender, round: number): Promise<void>;
  /** What both repositories must agree in afterwards. */
  outcome(contender: Contender, round: number): unknown;
}

const scratch = await mkdtemp(join(options.folder, "pawprint-data-version-"));
const results: BenchmarkResult[] = [];
let discarded = 0;
const server = await startS3();
try {
  const python = await findPeerPython(["dvc", "dvc-s3"], log);
  const pictures = join(scratch, "pictures");
  log(`writing ${fileCount} files of about 3 kB`);
  writePictures(pictures);
  const ours = await makeRepository("pawprint", [process.execPath, pawprint, "data"]);
  const theirs = python === undefined ? undefined : await makeRepository("dvc", [python, "-m", "dvc"]);
  const peer = theirs && `dvc ${(await theirs.command(["--version"])).trim()}`;
  for (const step of steps()) {
    if (only && !only.some((name) => step.name.startsWith(name))) continue;
    results.push(await measure(step, ours, theirs, peer ?? "dvc"));
  }
  if (!only || only.includes("large")) results.push(await measureLargeFile(ours));
  printBenchmark({ name: "data-version", results }, options.json);

  async function makeRepository(name: Contender["name"], program: readonly string[]): Promise<Contender> {
    const folder = join(scratch, name);
    mkdirSync(folder);
    const [file, ...first] = program as [string, ...string[]]; // given above
    const env = {
      ...process.env,
      DVC_NO_ANALYTICS: "1",
      DVC_SITE_CACHE_DIR: join(scratch, "site"),
      AWS_ACCESS_KEY_ID: "S3RVER",
      AWS_SECRET_ACCESS_KEY: "S3RVER",
      AWS_REGION: "us-east-1",
    };
    const command = async (words: readonly string[]) => {
      const { stdout } = await run(file, [...first, ...words], { cwd: folder, env, maxBuffer: 1 << 28 });
      return stdout;
    };
    await run("git", ["init", "-q"], { cwd: folder });
    await command(["init"]);
    const remotes = [
      `[core]`,
      `    remote = folder`,
      `['remote "folder"']`,
      `    url = ${join(scratch, `${name}-remote`)}`,
    ];
    writeFileSync(join(folder, ".dvc/config"), `${remotes.join("\n")}\n`);
    cpSync(pictures, join(folder, "raw"), { recursive: true });
    return { name, folder, command };
  }
} finally {
  server?.stop();
  await rm(scratch, { recursive: true, force: true });
}

function writePictures(folder: string): void {
  const random = createRandom(18);
  for (let at = 0; at < fileCount; at++) {
    const label = ["cat", "dog"][at % 2]!;
    if (at < 2) mkdirSync(join(folder, label), { recursive: true });
    const bytes = Buffer.alloc(2000 + Math.floor(2000 * random.next()));
    for (let i = 0; i < bytes.length; i += 4)
      bytes.writeUInt32LE(Math.floor(random.next() * 2 ** 32), Math.min(i, bytes.length - 4));
    writeFileSync(join(folder, label, `${label}.${at}.jpg`), bytes);
  }
}

/**
 * Out of the way, and deleted at the end: on ext4, files that are made soon after as many were
 * deleted take up to ten times as long, whoever makes them.
 */
function discard(path: string): void {
  if (existsSync(path)) renameSync(path, join(scratch, `discarded-${discarded++}`));
}

function steps(): readonly Step[] {
  const add = async ({ command }: Contender) => void (await command(["add", "raw"]));
  const forget = ({ folder }: Contender) => {
    for (const name of ["raw.dvc", ".gitignore", ".dvc/cache", ".dvc/tmp"]) discard(join(folder, name));
    discard(join(scratch, "site"));
  };
  const pointer = ({ folder }: Contender) => readFileSync(join(folder, "raw.dvc"), "utf8");
  const all: Step[] = [
    {
      name: "add",
      words: ["add", "raw"],
      target: 5,
      prepare: async (contender) => forget(contender),
      outcome: (contender) => [pointer(contender), digestOf(join(contender.folder, ".dvc/cache/files"))],
    },
    {
      name: "status, nothing changed",
      words: ["status"],
      target: 10,
      prepare: add,
      outcome: pointer,
    },
    {
      name: "checkout",
      words: ["checkout"],
      target: 5,
      prepare: async ({ folder }) => discard(join(folder, "raw")),
      outcome: ({ folder }) => digestOf(join(folder, "raw")),
    },
    {
      name: "push to a folder",
      words: ["push"],
      target: 3,
      prepare: async ({ name }) => discard(join(scratch, `${name}-remote`)),
      outcome: ({ name }) => digestOf(join(scratch, `${name}-remote`)),
    },
  ];
  if (server === undefined) return all;
  const s3 = (name: string, round: number) => `s3://pets/${name}-${round}`;
  return [
    ...all,
    {
      name: "push to S3",
      words: ["push", "-r", "s3"],
      target: 3,
      prepare: async ({ folder, name }, round) => {
        const settings = [`['remote "s3"']`, `    url = ${s3(name, round)}`, `    endpointurl = ${server.endpoint}`];
        writeFileSync(join(folder, ".dvc/config.local"), `${settings.join("\n")}\n`);
      },
      outcome: ({ name }, round) => server.keysOf(`${name}-${round}`),
    },
  ];
}

async function measure(
  step: Step,
  ours: Contender,
  theirs: Contender | undefined,
  peer: string,
): Promise<BenchmarkResult> {
  const seconds = { pawprint: [] as number[], dvc: [] as number[] };
  for (let round = 1; round <= rounds; round++) {
    const outcomes: string[] = [];
    const turn = [ours, ...(theirs ? [theirs] : [])];
    for (const contender of round % 2 === 0 ? turn.toReversed() : turn) {
      await step.prepare(contender, round);
      const start = performance.now();
      await contender.command(step.words);
      seconds[contender.name].push((performance.now() - start) / 1000);
      outcomes.push(JSON.stringify(step.outcome(contender, round)));
    }
    if (new Set(outcomes).size > 1) throw new Error(`${step.name}: the two tools left different data`);
    const shown = [seconds.pawprint, seconds.dvc].map((all) => all.at(-1)?.toFixed(2) ?? "absent");
    log(`${step.name}: round ${round}/${rounds}, pawprint ${shown[0]} s, dvc ${shown[1]} s`);
  }
  const value = median(seconds.pawprint);
  const peerValue = theirs === undefined ? null : median(seconds.dvc);
  return {
    case: `${step.name}, ${fileCount} files`,
    value,
    unit: "s",
    peer,
    peerValue,
    ratio: peerValue === null ? null : peerValue / value,
    target: step.target,
  };
}

async function measureLargeFile(ours: Contender): Promise<BenchmarkResult> {
  const file = join(ours.folder, "large.bin");
  const block = Buffer.alloc(1 << 20);
  for (let i = 0; i < block.length; i += 4) block.writeUInt32LE(Math.imul(i + 1, 2654435761) >>> 0, i);
  writeFileSync(file, "");
  for (let at = 0; at < largeMiB; at++) {
    block.writeUInt32LE(at, 0);
    writeFileSync(file, block, { flag: "a" });
  }
  const own: number[] = [];
  const peer: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const name of ["large.bin.dvc", ".dvc/cache", ".dvc/tmp", "copy.bin"]) {
      rmSync(join(ours.folder, name), { recursive: true, force: true });
    }
    const timed = async (into: number[], work: () => Promise<unknown>) => {
      const start = performance.now();
      await work();
      into.push((performance.now() - start) / 1000);
    };
    await timed(peer, async () => {
      await run("md5sum", [file]);
      await run("cp", [file, join(ours.folder, "copy.bin")]);
    });
    rmSync(join(ours.folder, "copy.bin"));
    await timed(own, () => ours.command(["add", "large.bin"]));
    log(
      `large file: round ${round}/${rounds}, pawprint ${own.at(-1)!.toFixed(2)} s, md5sum and cp ${peer.at(-1)!.toFixed(2)} s`,
    );
  }
  rmSync(file);
  const [value, peerValue] = [median(own), median(peer)];
  return {
    case: `add of one file of ${largeMiB} MiB`,
    value,
    unit: "s",
    peer: "md5sum and cp",
    peerValue,
    ratio: peerValue / value,
    target: 0.9,
  };
}

/** Names and bytes of all files below a folder. */
function digestOf(folder: string): string {
  const hash = createHash("sha256");
  for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
    hash.update(`${path}\n`);
    try {
      hash.update(readFileSync(join(folder, path)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EISDIR") throw error;
    }
  }
  return hash.digest("hex");
}

interface LocalS3 {
  readonly endpoint: string;
  /** Keys of the bucket `pets` below a prefix. */
  keysOf(prefix: string): readonly string[];
  stop(): void;
}

/** s3rver, a small S3 server from npm, in a process of its own; undefined where it cannot be had. */
async function startS3(): Promise<LocalS3 | undefined> {
  const home = join(scratch, "s3rver");
  mkdirSync(join(home, "data"), { recursive: true });
  try {
    await run("npm", ["install", "--prefix", home, "--no-save", "--ignore-scripts", "--silent", "s3rver@3.7.1"]);
  } catch {
    log("without S3: s3rver cannot be installed");
    return undefined;
  }
  const port = await freePort();
  const words = [
    "-d",
    join(home, "data"),
    "-a",
    "127.0.0.1",
    "-p",
    String(port),
    "--silent",
    "--configure-bucket",
    "pets",
  ];
  const child = spawn(process.execPath, [join(home, "node_modules/s3rver/bin/s3rver.js"), ...words], {
    stdio: "ignore",
  });
  const endpoint = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 100; tries++) {
    if (
      await fetch(endpoint).then(
        () => true,
        () => false,
      )
    )
      break;
    await pause(100);
  }
  return {
    endpoint,
    keysOf: (prefix) =>
      readdirSync(join(home, "data/pets", prefix), { recursive: true, encoding: "utf8" })
        .filter((path) => path.endsWith("_S3rver_object"))
        .sort(),
    stop: () => child.kill(),
  };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}
