/** Runs the `run:` lines of a workflow one after the other, as GitHub's runner does; actions are passed over. */
import { execFile } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parse } from "yaml";

const workflows = fileURLToPath(new URL("../../.github/workflows/", import.meta.url));

interface Scope {
  readonly env?: Readonly<Record<string, unknown>>;
}
interface Workflow extends Scope {
  readonly jobs: Readonly<Record<string, Scope & { readonly steps: readonly Step[] }>>;
}
interface Step extends Scope {
  readonly id?: string;
  readonly run?: string;
}

export interface Runner {
  /** Of the repository; all jobs share it, which stands for the artifacts that go from one to the next. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** What each expression between `${{` and `}}` is; outputs of steps are known. */
  readonly values: Readonly<Record<string, string>>;
  /** Called after each line, for what an action between would do. */
  readonly after?: (line: string) => Promise<void>;
}

/** The lines, job after job. Errors: of a line that fails; of an expression that has no value. */
export async function runWorkflow(name: string, { folder, env, values, after }: Runner): Promise<readonly string[]> {
  const workflow: Workflow = parse(await readFile(join(workflows, name), "utf8"));
  const lines: string[] = [];
  for (const job of Object.values(workflow.jobs)) {
    const outputs = new Map<string, string>();
    const resolve = (expression: string): string => {
      const value = outputs.get(expression) ?? values[expression];
      if (value === undefined) throw new Error(`no value of ${expression} in ${name}`);
      return value;
    };
    const ownOf = (scope: Scope) =>
      Object.entries(scope.env ?? {}).map(([key, text]) => [
        key,
        String(text).replaceAll(/\$\{\{ *(.*?) *\}\}/g, (_, expression: string) => resolve(expression)),
      ]);
    for (const step of job.steps) {
      if (step.run === undefined) continue;
      const output = join(folder, "step-output");
      await rm(output, { force: true });
      const own = Object.fromEntries([workflow, job, step].flatMap(ownOf));
      await promisify(execFile)("bash", ["-e", "-c", step.run], {
        cwd: folder,
        env: { ...env, ...own, GITHUB_OUTPUT: output },
      });
      lines.push(step.run);
      const written = await readFile(output, "utf8").catch(() => "");
      for (const [, key, value] of written.matchAll(/^([^=\n]+)=(.*)$/gm))
        outputs.set(`steps.${step.id}.outputs.${key}`, value!);
      await after?.(step.run);
    }
  }
  return lines;
}
