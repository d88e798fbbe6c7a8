/** A recording on a server whose process is killed: what was recorded is delivered once, and goes on. */
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { createRandom } from "../../src/base/random.ts";
import { runCommand } from "../../src/cli/frame/run-command.ts";
import { captureContext } from "../support/captured-context.ts";
import { startFakeMlflow } from "../support/mlflow-server.ts";
import { pawprintCommand, startProcess } from "../support/pawprint-process.ts";
import type { RecordProcessOptions } from "../support/record-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const script = fileURLToPath(new URL("../support/record-process.ts", import.meta.url));

function startRecording(options: RecordProcessOptions) {
  return startProcess([...pawprintCommand.slice(0, -1), script, JSON.stringify(options)]);
}

/** Kills it after some batches; gives the run's id and how many steps it had said to be recorded. */
async function killed(options: RecordProcessOptions, batches: number): Promise<{ id: string; recorded: number }> {
  const { child, out, err, ended } = startRecording(options);
  while (out().split("\n").length < batches + 2 && child.exitCode === null)
    await Promise.race([once(child.stdout!, "data"), ended]);
  child.kill("SIGKILL");
  expect(await ended, err()).toBe("SIGKILL");
  const [id, ...steps] = out().trim().split("\n");
  return { id: id!, recorded: Number(steps.at(-1)) };
}

it.each([true, false])(
  "kill -9 loses no point that was recorded and doubles none (points kept as often as they come: %s)",
  async (keepsRepeats) => {
    const server = await startFakeMlflow({ keepsRepeats });
    onTestFinished(() => server.stop());
    const random = createRandom(3);
    server.fault = () => (random.next() < 0.1 ? "lose" : undefined);
    const cwd = temporaryFolder("killed");
    const spoolFolder = join(cwd, ".pawprint", "spool");
    const push = async () => {
      const { context, out } = captureContext({ cwd, env: { MLFLOW_TRACKING_URI: server.url } });
      expect(await runCommand(["runs", "push"], context)).toBe(0);
      return out();
    };
    const stepsThere = () => {
      const [run, ...others] = [...server.runs.runs.values()];
      expect(others).toEqual([]);
      return {
        status: run!.status,
        steps: run!.points
          .get("batch/loss")!
          .map(({ step }) => step)
          .toSorted((a, b) => a - b),
      };
    };

    const first = await killed({ url: server.url, spoolFolder, steps: 100_000 }, 150);
    await push();
    const { status, steps } = stepsThere();
    expect(status).toBe("KILLED");
    // The last batch may have been recorded without having been told.
    expect(steps.length).toBeGreaterThanOrEqual(first.recorded);
    expect(steps).toEqual(steps.map((_, step) => step));
    expect(await push()).toContain("Nothing left to deliver");

    server.fault = undefined;
    // Goes on twice: from the server, which has it all, and from the spool, which was killed again.
    const second = await killed({ url: server.url, spoolFolder, steps: 100_000, runId: first.id }, 50);
    const end = second.recorded + 500;
    const { ended, err } = startRecording({ url: server.url, spoolFolder, steps: end, runId: first.id });
    expect(await ended, err()).toBe(0);
    const whole = stepsThere();
    expect(whole.status).toBe("FINISHED");
    expect(whole.steps).toEqual(whole.steps.map((_, step) => step));
    expect(whole.steps.length).toBeGreaterThanOrEqual(end);
    expect(await push()).toContain("Nothing left to deliver: 0 runs");
  },
  120_000,
);
