/** Whether manifests know the service as it is: its settings, its routes, how long it takes to end, its flags. */

import { loadConfig } from "../../../src/base/config/config.ts";
import { isAppError } from "../../../src/base/errors.ts";
import { command as batchCommand } from "../../../src/cli/commands/model/batch.ts";
import { command as reportCommand } from "../../../src/cli/commands/monitor/report.ts";
import { command as trainCommand } from "../../../src/cli/commands/training/train.ts";
import { flagOf, type OptionSpec } from "../../../src/cli/frame/command.ts";
import { pawprintConfigSchema } from "../../../src/cli/pawprint-config.ts";
import { routes } from "../../../src/server/contract/contract.ts";
import {
  at,
  containersOf,
  type Labels,
  list,
  type Manifest,
  type PodTemplate,
  podTemplates,
  type Tree,
} from "./manifest.ts";

/** What the last step of an ending service may take beside its own settings. */
const lastStepMs = 10_000;

/** What the project's own check says of settings in environment variables; undefined where they are right. */
export function settingsFault(env: Labels): string | undefined {
  try {
    loadConfig({ schema: pawprintConfigSchema, env });
    return undefined;
  } catch (error) {
    if (!isAppError(error)) throw error;
    return error.message;
  }
}

/** Settings, probes, times and flags that the service does not know, one line each. */
export function serviceFaults(manifests: readonly Manifest[]): string[] {
  return podTemplates(manifests).flatMap((pod) => {
    return containersOf(pod).flatMap((container) => {
      const where = `${pod.owner} container ${container.name}`;
      const env = environmentOf(container, manifests);
      const fault = settingsFault(env);
      const settings =
        fault === undefined ? [...endingFaults(pod, container, env), ...portFaults(container, env)] : [fault];
      const faults = [...settings, ...probeFaults(container), ...flagFaults(container)];
      return faults.map((text) => `${where}: ${text}`);
    });
  });
}

/** The environment variables of a container, those of its ConfigMaps included. */
export function environmentOf(container: Tree, manifests: readonly Manifest[]): Labels {
  const maps = list(container.envFrom).map((source) => {
    const name = at(source, "configMapRef", "name");
    return at(
      manifests.find(({ kind, metadata }) => kind === "ConfigMap" && metadata?.name === name),
      "data",
    ) as Labels | undefined;
  });
  const own = list(container.env).flatMap(({ name, value }) => {
    return typeof value === "string" ? [[String(name), value] as const] : [];
  });
  return Object.assign({}, ...maps, Object.fromEntries(own)) as Labels;
}

function probeFaults(container: Tree): string[] {
  const known = new Set(routes.filter(({ method }) => method === "GET").map(({ path }) => path));
  return ["startupProbe", "readinessProbe", "livenessProbe"].flatMap((probe) => {
    const path = at(container, probe, "httpGet", "path");
    return path === undefined || known.has(String(path)) ? [] : [`${probe} asks for ${path}, which is no route`];
  });
}

function endingFaults({ spec, owner }: PodTemplate, container: Tree, env: Labels): string[] {
  const { serve } = loadConfig({ schema: pawprintConfigSchema, env });
  if (env.PAWPRINT_SERVE_MODEL === undefined || owner.startsWith("ServingRuntime/")) return [];
  const sleepMs = Number(at(container, "lifecycle", "preStop", "sleep", "seconds") ?? 0) * 1000;
  const needMs = sleepMs + serve.drainMs + serve.bodyTimeoutMs + serve.deadlineMs + lastStepMs;
  const graceMs = Number(spec.terminationGracePeriodSeconds ?? 30) * 1000;
  return graceMs > needMs ? [] : [`is killed after ${graceMs} ms, and may take ${needMs} ms to end`];
}

/** What the Jobs run. */
const jobCommands: Readonly<Record<string, { readonly options: readonly OptionSpec[] }>> = {
  batch: batchCommand,
  "monitor report": reportCommand,
  train: trainCommand,
};

function flagFaults(container: Tree): string[] {
  const args = (container.args ?? []) as readonly string[];
  const name = [2, 1].map((words) => args.slice(0, words).join(" ")).find((words) => words in jobCommands);
  const command = name === undefined ? undefined : jobCommands[name];
  if (command === undefined) return [];
  const known = new Set(command.options.map((option) => flagOf(option.name)));
  const flags = args.filter((arg) => arg.startsWith("--")).map((arg) => arg.split("=")[0]!);
  return flags.filter((flag) => !known.has(flag)).map((flag) => `pawprint ${name} has no flag ${flag}`);
}

function portFaults(container: Tree, env: Labels): string[] {
  const port = env.PAWPRINT_SERVE_PORT;
  if (port === undefined) return [];
  const ports = list(container.ports).map(({ containerPort }) => String(containerPort));
  return ports.includes(port) ? [] : [`listens on ${port}, which is not among its ports`];
}
