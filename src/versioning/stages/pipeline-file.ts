/** A dvc.yaml: its stages and its other sections, with all templates filled in. */
import { posix } from "node:path";
import { AppError, isAppError } from "../../base/errors.ts";
import { textOf } from "../formats/entry-reader.ts";
import type { ParamMap, ParamValue } from "../formats/param-value.ts";
import { parseYaml } from "../formats/yaml.ts";
import type { MetadataTree } from "../repo/metadata-tree.ts";
import { type DefinitionPlace, filledDefinitions } from "./definitions.ts";
import { stageOf } from "./filled-stage.ts";
import { join } from "./join-path.ts";
import { requirePipelineForm } from "./pipeline-form.ts";
import type { Stage } from "./stage.ts";
import { fillIn } from "./templates.ts";
import { firstVariables } from "./variables.ts";

export interface PipelineFile {
  readonly stages: readonly Stage[];
  /** Files of the sections `metrics` and `params`, from the repository's root. */
  readonly metrics: readonly string[];
  readonly params: readonly string[];
  readonly plots: readonly TopPlot[];
}

/** A plot of the section `plots`. */
export interface TopPlot {
  /** A file, from the folder of the dvc.yaml, or a name where `settings` name files. */
  readonly name: string;
  readonly settings: ParamMap;
  /** The folder of the dvc.yaml. */
  readonly folder: string;
}

/** What templates of one dvc.yaml may make. */
const mostCharacters = 64 << 20;
const mostStages = 50_000;

/** `file` is the dvc.yaml's path. Errors: PIPELINE_INVALID, DATA_FEATURE_UNSUPPORTED, DATA_FILE_INVALID. */
export async function readPipelineFile(tree: MetadataTree, file: string): Promise<PipelineFile> {
  const where = tree.commit === undefined ? file : `${file} at ${tree.label}`;
  const bytes = await tree.read(file);
  if (bytes === undefined) throw invalid("a dvc.yaml", "none", where);
  const content = readYaml(bytes, where);
  requirePipelineForm(content, where);
  const folder = posix.dirname(file) === "." ? "" : posix.dirname(file);
  const list = (key: string): readonly ParamValue[] => (content.get(key) ?? []) as readonly ParamValue[]; // by its form
  const variables = await firstVariables(tree, folder, list("vars"), `${where}, vars`);
  const place: DefinitionPlace = { tree, folder, where, variables, budget: { characters: mostCharacters } };
  const stages: Stage[] = [];
  for (const [name, definition] of (content.get("stages") ?? new Map()) as ReadonlyMap<string, ParamMap>) {
    for (const filled of await filledDefinitions(name, definition, place)) stages.push(stageOf(filled, file, where));
    if (stages.length > mostStages) throw invalid(`at most ${mostStages} stages`, "more than that", where);
  }
  const fill = (key: string, value: ParamValue): ParamValue =>
    fillIn(value, { ...place, variables: variables.values, where: `${where}, ${key}`, takes: "any" });
  const files = (key: string): readonly string[] =>
    list(key).map((one) => join(folder, pathIn(fill(key, one), `${where}, ${key}`)));
  fill("artifacts", content.get("artifacts") ?? null);
  return {
    stages,
    metrics: files("metrics"),
    params: files("params"),
    plots: list("plots").flatMap((one) => topPlots(fill("plots", one), folder, `${where}, plots`)),
  };
}

/** What is wrong with a dvc.yaml has the pipeline's code. */
function readYaml(bytes: Uint8Array, where: string): ParamValue {
  try {
    const content = parseYaml(textOf(bytes, where), where);
    return content === null ? new Map() : content;
  } catch (error) {
    if (!isAppError(error, "DATA_FILE_INVALID")) throw error;
    throw invalid(error.required, error.received ?? "another text", where);
  }
}

function topPlots(value: ParamValue, folder: string, where: string): readonly TopPlot[] {
  if (!(value instanceof Map)) return [{ name: pathIn(value, where), settings: new Map(), folder }];
  return [...value].map(([name, settings]) => ({
    name,
    settings: settings instanceof Map ? settings : new Map(),
    folder,
  }));
}

function pathIn(value: ParamValue, where: string): string {
  if (typeof value === "string") return value;
  throw invalid("a path", "another value", where);
}

function invalid(required: string, received: string, where: string): AppError {
  return new AppError("PIPELINE_INVALID", { required, received, where });
}
