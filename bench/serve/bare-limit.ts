/** The limit of the machine: `bare.ts` with the plan that is fastest for a load. */
import { availableParallelism } from "node:os";
import type { LineProcess } from "../line-process.ts";
import type { BarePlan, BareResult, BareTask } from "./bare.ts";
import type { Load } from "./subjects.ts";

const cores = availableParallelism();

/** Fewer decodes leave cores idle; more than these only wait for each other. */
const plans: readonly BarePlan[] = [cores, cores + 1, 2 * cores].flatMap((decodes) => [
  { decodes, engines: 1, threads: 1 },
  { decodes, engines: 1, threads: cores },
  { decodes, engines: cores, threads: 1 },
]);

const trialSeconds = 1;
const trials = 2;

export function askBare(bare: LineProcess, load: Load, bundle: string, task: Pick<BareTask, "seconds" | "plan">) {
  const body = (load.file ?? load.body).toString("base64");
  const message: BareTask = { bundle, body, isFile: load.file !== undefined, ...task };
  return bare.ask(message) as unknown as Promise<BareResult>; // bare.ts made it
}

/** Tries every plan twice, and keeps the one that was fastest at once. */
export async function fastestPlan(bare: LineProcess, load: Load, bundle: string): Promise<BarePlan> {
  // The first run warms compilers and allocators, and counts for nobody.
  await askBare(bare, load, bundle, { seconds: trialSeconds, plan: plans[0]! });
  let best = { plan: plans[0]!, rate: 0 };
  for (let trial = 0; trial < trials; trial++) {
    for (const plan of plans) {
      const { rate } = await askBare(bare, load, bundle, { seconds: trialSeconds, plan });
      if (rate > best.rate) best = { plan, rate };
    }
  }
  return best.plan;
}

export function describePlan({ decodes, engines, threads }: BarePlan): string {
  return `${decodes} decodes, ${engines} x ${threads} engine threads`;
}
