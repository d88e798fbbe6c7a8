/** What changed of stages, as text and as `dvc status --json` has it. */
import { visibleText } from "../../base/visible-text.ts";
import type { NamedStageStatus } from "../../pipeline/pipeline-status.ts";
import { dvcStatus } from "../../pipeline/stage-status.ts";

const mostEntries = 10;

/** `train: changed command; params.yaml lr modified; output model.bin deleted`. */
export function stageText({ stage, ...status }: NamedStageStatus): string {
  const params = [...status.params].flatMap(([file, change]) =>
    typeof change === "string" ? [`${file} ${change}`] : [...change].map(([key, word]) => `${file} ${key} ${word}`),
  );
  const parts = [
    ...(status.isCommandChanged ? ["another command"] : []),
    ...[...status.deps].map(([path, change]) => `dependency ${path} ${change}`),
    ...params,
    ...[...status.outs].map(([path, change]) => `output ${path} ${change}`),
    ...(status.isAlwaysChanged ? ["runs each time"] : []),
  ];
  const more = parts.length - mostEntries;
  const shown = more > 0 ? [...parts.slice(0, mostEntries), `and ${more} more`] : parts;
  return visibleText(`stage ${stage}: ${shown.join("; ")}`);
}

/** By stage, as `dvc status --json` gives them; those without changes are left out. */
export function stagesJson(statuses: readonly NamedStageStatus[]): object {
  return Object.fromEntries(
    statuses.flatMap((status) => {
      const rows = dvcStatus(status);
      return rows === undefined ? [] : [[status.stage, rows] as const];
    }),
  );
}
