/** `npm run bench:serve -- --attacks`: every attack of the table against every contender in turn. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { drawSamplePicture } from "../../../src/image/sample-pictures.ts";
import { writeUntrainedBundle } from "../../../tests/support/untrained-bundle.ts";
import { startLineProcess } from "../../line-process.ts";
import { pets } from "../subjects.ts";
import type { Attack, Material } from "./attack.ts";
import { type AttackOutcome, type Contender, type Field, prepareAttack, runAttack } from "./run-attack.ts";
import { attacks } from "./table.ts";

export interface AttackOptions {
  /** Parts of the names of attacks, by commas; all unless given. */
  readonly only: string | undefined;
  readonly seconds: number;
  readonly contenders: readonly Contender[];
  readonly scratch: string;
  readonly log: (text: string) => void;
}

/**
 * Where an attack cannot be run, that is said, the others go on, and the exit status is 1. Linux only:
 * it reads `/proc`.
 */
export async function compareAttacks(options: AttackOptions): Promise<readonly AttackOutcome[]> {
  const { scratch, contenders, seconds, log } = options;
  const material = await makeMaterial(join(scratch, "attacks"));
  const field: Field = { attackers: startProcess("attackers.ts"), bystanders: startProcess("bystanders.ts"), seconds };
  const outcomes: AttackOutcome[] = [];
  try {
    for (const [index, attack] of selectAttacks(options.only).entries()) {
      // Whoever comes second finds a warmer machine.
      const order = index % 2 === 0 ? contenders : contenders.toReversed();
      log(
        `${attack.name} (${attack.sends}; ${attack.clients} clients) against ${order.map(({ name }) => name).join(", ")}`,
      );
      try {
        const prepared = await prepareAttack(attack, material);
        for (const contender of order) outcomes.push(await runAttack(prepared, contender, field));
      } catch (error) {
        log(`${attack.name} could not be run: ${error instanceof Error ? error.message : String(error)}`);
        process.exitCode = 1;
      }
    }
  } finally {
    await Promise.all([field.attackers.close(), field.bystanders.close()]);
  }
  return outcomes;
}

/** Errors: where a name fits no attack. */
export function selectAttacks(only: string | undefined): readonly Attack[] {
  if (only === undefined) return attacks;
  const wanted = only.split(",");
  const unknown = wanted.find((part) => !attacks.some(({ name }) => name.includes(part)));
  if (unknown !== undefined)
    throw new Error(`no attack '${unknown}'; there are ${attacks.map(({ name }) => name).join(", ")}`);
  return attacks.filter(({ name }) => wanted.some((part) => name.includes(part)));
}

async function makeMaterial(folder: string): Promise<Material> {
  await mkdir(folder);
  const [bundle, otherBundle] = [join(folder, "pets.onnx"), join(folder, "other.onnx")];
  await writeUntrainedBundle(pets, bundle);
  await writeUntrainedBundle({ ...pets, seed: 8 }, otherBundle);
  const jpeg = Buffer.from(await drawSamplePicture({ label: "cat", seed: 1, sizePx: 128 }));
  return { folder, bundle, otherBundle, jpeg };
}

function startProcess(name: string) {
  return startLineProcess(process.execPath, ["--import", "tsx", fileURLToPath(new URL(name, import.meta.url))]);
}
