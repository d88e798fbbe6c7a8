/**
 * What the prediction log costs a service: requests a second with it against without, in a file and,
 * where it is installed, in PostgreSQL. All services stand beside each other and take turns, the load
 * comes from a process of its own.
 */
import { join } from "node:path";
import { startPostgres } from "../../tests/support/postgres-server.ts";
import { type BenchmarkResult, median } from "../report.ts";
import { type Bench, rateOf, requireAnswers, startCallers } from "../serve/callers.ts";
import { processorMs } from "../serve/process-family.ts";
import { type RunningService, startPawprint } from "../serve/services.ts";
import { bundleOf, digitLoad, fileLoad, type Load } from "../serve/subjects.ts";

/** Of the requests a second without a log. */
const target = 0.95;
const connections = 64;

interface Contender {
  readonly name: string;
  readonly service: RunningService;
  readonly rates: number[];
  /** Processor time for each answer, in milliseconds. */
  readonly cpu: number[];
}

export async function measureLoggingCost(settings: Omit<Bench, "callers">): Promise<readonly BenchmarkResult[]> {
  const callers = startCallers();
  const server = await startPostgres();
  if (typeof server === "string") settings.log(`without PostgreSQL: ${server}`);
  const results: BenchmarkResult[] = [];
  try {
    for (const load of [await digitLoad(), await fileLoad("cats-dogs-128px.zip", "JPEG, 128 px")]) {
      const database = typeof server === "string" ? undefined : await server.createDatabase();
      const logs = {
        "a file": join(settings.scratch, `${load.subject.name}.db`),
        ...(database && { PostgreSQL: database.address }),
      };
      results.push(...(await compareLogs({ ...settings, callers }, load, logs)));
      await database?.drop();
    }
  } finally {
    await callers.close();
    if (typeof server !== "string") await server.stop();
  }
  return results;
}

async function compareLogs(
  bench: Bench,
  load: Load,
  logs: Readonly<Record<string, string>>,
): Promise<readonly BenchmarkResult[]> {
  const bundle = await bundleOf(load.subject, bench.scratch);
  const start = async (name: string, options: readonly string[]): Promise<Contender> => {
    const logFile = join(bench.scratch, `${name.replaceAll(" ", "-")}.log`);
    return { name, service: await startPawprint(bundle, logFile, { options }), rates: [], cpu: [] };
  };
  const without = await start("no log", []);
  const contenders = [without];
  try {
    for (const [name, location] of Object.entries(logs)) {
      contenders.push(await start(name, ["--prediction-log", location]));
    }
    for (let round = 0; round <= bench.rounds; round++) {
      // The first round warms compilers and allocators.
      for (const one of round % 2 === 0 ? contenders : contenders.toReversed()) {
        await measure(bench, load, one, round === 0 ? 2 : bench.seconds, round > 0);
      }
    }
    for (const { service } of contenders.slice(1)) await requireLogged(service);
  } finally {
    for (const { service } of contenders) await service.stop();
  }
  return contenders.slice(1).flatMap((one) => {
    const name = `${load.name}, log in ${one.name}, ${connections} at once`;
    const [value, peerValue] = [median(one.rates), median(without.rates)];
    const [cpu, peerCpu] = [median(one.cpu), median(without.cpu)];
    const shared = { peer: "without a log", target };
    const rows = [
      { case: name, value, unit: "requests/s", peerValue, ratio: value / peerValue, ...shared },
      // Other work on the machine disturbs it less.
      {
        case: `${name}: processor time`,
        value: cpu,
        unit: "ms an answer",
        peerValue: peerCpu,
        ratio: peerCpu / cpu,
        ...shared,
      },
    ];
    for (const row of rows)
      bench.log(
        `${row.case}: ${row.value.toFixed(3)}, without ${row.peerValue.toFixed(3)}, ratio ${row.ratio.toFixed(3)}`,
      );
    return rows;
  });
}

async function measure(
  bench: Bench,
  load: Load,
  { name, service, rates, cpu }: Contender,
  seconds: number,
  isKept: boolean,
) {
  const before = await processorMs(service.pid);
  const result = await bench.callers.call(service, load, { connections, seconds });
  requireAnswers(name, result);
  if (!isKept) return;
  rates.push(rateOf(result));
  cpu.push(((await processorMs(service.pid)) - before) / (result.statuses["200"] ?? 0));
}

/** A log that dropped rows would look cheap. Errors: where it did, or where nothing was logged. */
async function requireLogged({ port }: RunningService): Promise<void> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const counterOf = (name: string) => Number(new RegExp(`^${name} (\\d+)`, "m").exec(text)?.[1]);
  const [written, dropped] = ["written", "dropped"].map((one) => counterOf(`pawprint_prediction_log_${one}_total`));
  if (!(written! > 0) || dropped !== 0) throw new Error(`the log took ${written} predictions and dropped ${dropped}`);
}
