/** One attack against one service: what the bystanders have before it, during it, and what is left. */
import { copyFile, mkdir, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { LineProcess } from "../../line-process.ts";
import { type RunningService, startPawprint } from "../services.ts";
import { type Attack, deadlineMs, goals, type Material, type WriteBundle } from "./attack.ts";
import type { AttackerResult, AttackerTask } from "./attackers.ts";
import type { BystanderResult, BystanderTask } from "./bystanders.ts";
import { watchMemory } from "./memory-watch.ts";
import { post } from "./requests.ts";

/** What one attack did to one service. */
export interface AttackOutcome {
  readonly attack: string;
  readonly service: string;
  readonly undisturbed: BystanderResult;
  readonly during: BystanderResult;
  readonly peakBytes: number;
  readonly bytesAfter: number;
  readonly attackers: AttackerResult;
  /** Seconds from SIGTERM to the end of the process; undefined where it had to be killed. */
  readonly endSeconds: number | undefined;
  /** How the service ended before SIGTERM, where it did. */
  readonly death?: "killed for its memory" | "ended by itself";
}

/** What the attack sends, made once for all services that it is tried on. */
export interface PreparedAttack {
  readonly attack: Attack;
  readonly material: Material;
  readonly flags: readonly string[];
  /** File with the bytes of the request. */
  readonly request: string | undefined;
  readonly bundles: readonly WriteBundle[];
}

export interface Field {
  readonly attackers: LineProcess;
  readonly bystanders: LineProcess;
  readonly seconds: number;
}

export interface Contender {
  readonly name: string;
  /** A built checkout. */
  readonly folder: string;
}

const bystanderClients = 4;
const warmUpSeconds = 1;
/** The attack has begun before it is looked how the bystanders fare. */
const headStartMs = 500;
const calmMs = 2000;

export async function prepareAttack(attack: Attack, material: Material): Promise<PreparedAttack> {
  const { means } = attack;
  let request: string | undefined;
  if ("request" in means) {
    request = join(material.folder, `${attack.name}.request`);
    await writeFile(request, await means.request(material));
  }
  const bundles = means.by === "bundles" ? await means.bundles(material) : [];
  return { attack, material, request, bundles, flags: (await attack.flags?.(material)) ?? [] };
}

export async function runAttack(prepared: PreparedAttack, contender: Contender, field: Field): Promise<AttackOutcome> {
  const { attack, material, flags } = prepared;
  const folder = await mkdtemp(join(material.folder, "served-"));
  const served = attack.means.by === "bundles" ? join(folder, "models") : material.bundle;
  if (served !== material.bundle) {
    await mkdir(served);
    await copyFile(material.bundle, join(served, "v1.onnx"));
  }
  const service = await startPawprint(served, join(folder, "serve.log"), { folder: contender.folder, options: flags });
  const memory = watchMemory(service.pid);
  try {
    const stand = (seconds: number): Promise<BystanderResult> => askBystanders(service, material, field, seconds);
    await stand(warmUpSeconds);
    const undisturbed = await stand(field.seconds);
    const attacking = attackWith(prepared, service, served, field);
    await pause(headStartMs);
    const during = await stand(field.seconds);
    const attackers = await attacking;
    await pause(calmMs);
    const bytesAfter = await memory.residentBytes();
    const death = memory.wasKilled ? "killed for its memory" : service.isRunning ? undefined : "ended by itself";
    const endSeconds = await service.stop(goals.endSeconds);
    const { peakBytes } = memory;
    const measured = { undisturbed, during, peakBytes, bytesAfter, attackers, endSeconds };
    return { attack: attack.name, service: contender.name, ...measured, ...(death && { death }) };
  } finally {
    memory.stop();
    await service.stop(1);
  }
}

async function askBystanders(service: RunningService, { jpeg }: Material, field: Field, seconds: number) {
  const request = post("/predict", "image/jpeg", jpeg).toString("base64");
  const task: BystanderTask = { port: service.port, request, clients: bystanderClients, seconds, deadlineMs };
  return (await field.bystanders.ask(task)) as unknown as BystanderResult; // bystanders.ts made it
}

async function attackWith(prepared: PreparedAttack, { port }: RunningService, served: string, field: Field) {
  const { attack, request, flags } = prepared;
  const { means, clients } = attack;
  const seconds = field.seconds + headStartMs / 1000;
  const task: AttackerTask = {
    by: means.by,
    port,
    clients,
    seconds,
    ...(request !== undefined && { request }),
    ...(means.by === "many addresses" && { addresses: means.addresses, rate: rateIn(flags) }),
  };
  const [result, note] = await Promise.all([
    field.attackers.ask(task) as unknown as Promise<AttackerResult>, // attackers.ts made it
    means.by === "bundles" ? dropBundles(prepared, served, port) : undefined,
  ]);
  return note === undefined ? result : { ...result, note };
}

function rateIn(flags: readonly string[]): number {
  return Number(flags[flags.indexOf("--requests-per-minute") + 1]);
}

const dropGapMs = 500;
const noticeMs = 5000;

type Note = NonNullable<AttackerResult["note"]>;

/** One file after another; whether the good one that comes last is still served. */
async function dropBundles({ bundles, material }: PreparedAttack, served: string, port: number): Promise<Note> {
  for (const write of bundles) {
    await write(join(served, `v${(await readdir(served)).length + 1}.onnx`));
    await pause(dropGapMs);
  }
  const before = await versionOf(port);
  await copyFile(material.otherBundle, join(served, "v99.onnx"));
  const end = performance.now() + noticeMs;
  while (performance.now() < end) {
    await pause(100);
    const now = await versionOf(port);
    if (now !== undefined && now !== before) return { text: "a later bundle is served" };
  }
  return { text: `a later bundle is not served after ${noticeMs / 1000} s`, missed: "later bundle" };
}

async function versionOf(port: number): Promise<string | undefined> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/model`, { signal: AbortSignal.timeout(1000) });
    return ((await answer.json()) as { readonly version?: string }).version; // as the contract says
  } catch {
    return undefined;
  }
}
