/** Kubernetes objects as they come out of kustomize: rendered, parsed, and their pods found. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { parseAllDocuments } from "yaml";
import { missingProgram } from "../../support/missing-program.ts";

/** A parsed YAML value whose form the schema check proves, not the compiler. */
export type Tree = { readonly [key: string]: unknown };

export interface Manifest extends Tree {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Labels; readonly annotations?: Labels } & Tree;
}
export type Labels = Readonly<Record<string, string>>;

/** A pod that an object makes: its labels and its specification. */
export interface PodTemplate {
  readonly owner: string;
  readonly labels: Labels;
  readonly spec: Tree;
}

export const kubernetesFolder = resolve("deployment", "kubernetes");

/** Why kustomizations cannot be rendered here, or undefined. */
export const kubectlMissing = missingProgram("kubectl", ["version", "--client"]);

/** Renders the kustomization in a folder. */
export function renderFolder(folder: string): Manifest[] {
  return parseManifests(execFileSync("kubectl", ["kustomize", folder], { encoding: "utf8" }));
}

/** Renders several kustomizations of `deployment/kubernetes` as one, as they stand side by side in a cluster. */
export function renderTogether(resources: readonly string[], components: readonly string[] = []): Manifest[] {
  const top = mkdtempSync(join(tmpdir(), "pawprint-kustomize-"));
  try {
    const folder = join(top, "together");
    mkdirSync(folder);
    const paths = (names: readonly string[]) => names.map((name) => relative(folder, join(kubernetesFolder, name)));
    const header = { apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization" };
    const kustomization = { ...header, resources: paths(resources), components: paths(components) };
    writeFileSync(join(folder, "kustomization.yaml"), JSON.stringify(kustomization));
    return renderFolder(folder);
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}

export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text).flatMap((document) => {
    const [error] = document.errors;
    if (error) throw error;
    const value: unknown = document.toJS();
    return value === null ? [] : [value as Manifest]; // what else it may be, the schema check refuses
  });
}

export function readYaml(path: string): Tree {
  const [document] = parseManifests(readFileSync(path, "utf8"));
  return document ?? {};
}

export const nameOf = ({ kind, metadata }: Manifest): string => `${kind}/${metadata?.name}`;

/** Goes down a way of keys; undefined where it ends. */
export function at(value: unknown, ...way: readonly (string | number)[]): unknown {
  return way.reduce<unknown>((here, key) => (here as Tree | undefined | null)?.[key], value);
}

export const list = (value: unknown): readonly Tree[] => (Array.isArray(value) ? value : []);
export const labels = (value: unknown): Labels => (value ?? {}) as Labels;

/** The pods that the objects make. */
export function podTemplates(manifests: readonly Manifest[]): PodTemplate[] {
  return manifests.flatMap((manifest) => {
    const template = templateOf(manifest);
    const spec = at(template, "spec") as Tree | undefined;
    if (spec === undefined) return [];
    return [{ owner: nameOf(manifest), labels: labels(at(template, "metadata", "labels")), spec }];
  });
}

function templateOf(manifest: Manifest): unknown {
  switch (manifest.kind) {
    case "Deployment":
    case "StatefulSet":
    case "DaemonSet":
    case "Job":
      return at(manifest, "spec", "template");
    case "CronJob":
      return at(manifest, "spec", "jobTemplate", "spec", "template");
    case "Pod":
    case "ServingRuntime":
      return manifest;
    default:
      return undefined;
  }
}

/** All containers of a pod, those that start it first. */
export function containersOf({ spec }: PodTemplate): readonly Tree[] {
  return [...list(spec.initContainers), ...list(spec.containers), ...list(spec.ephemeralContainers)];
}

/** True where every label of `selector` stands on the object; an empty selector matches all. */
export function matches(selector: Labels, on: Labels): boolean {
  return Object.entries(selector).every(([key, value]) => on[key] === value);
}
