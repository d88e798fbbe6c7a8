/** Whether all that objects refer to by name, label or port is among the objects. */
import {
  at,
  containersOf,
  type Labels,
  labels,
  list,
  type Manifest,
  matches,
  nameOf,
  type PodTemplate,
  podTemplates,
  type Tree,
} from "./manifest.ts";

/** References that lead nowhere, one line each. */
export function referenceFaults(manifests: readonly Manifest[]): string[] {
  const pods = podTemplates(manifests);
  return [
    ...duplicateFaults(manifests),
    ...pods.flatMap((pod) => podReferenceFaults(pod, manifests)),
    ...manifests.flatMap((manifest) => objectReferenceFaults(manifest, manifests, pods)),
  ];
}

function duplicateFaults(manifests: readonly Manifest[]): string[] {
  const names = manifests.map((manifest) => `${nameOf(manifest)} ${manifest.metadata?.namespace ?? ""}`.trim());
  return names.filter((name, index) => names.indexOf(name) !== index).map((name) => `${name}: there are two`);
}

function podReferenceFaults(pod: PodTemplate, manifests: readonly Manifest[]): string[] {
  const { owner, spec } = pod;
  const wanted: [kind: string, name: unknown, key?: unknown][] = [["ServiceAccount", spec.serviceAccountName]];
  const faults: string[] = [];
  const volumes = new Set(list(spec.volumes).map(({ name }) => name));
  for (const volume of list(spec.volumes)) {
    wanted.push(["ConfigMap", at(volume, "configMap", "name")], ["Secret", at(volume, "secret", "secretName")]);
    wanted.push(["PersistentVolumeClaim", at(volume, "persistentVolumeClaim", "claimName")]);
    for (const source of list(at(volume, "projected", "sources"))) {
      wanted.push(["ConfigMap", at(source, "configMap", "name")], ["Secret", at(source, "secret", "name")]);
    }
  }
  for (const { name } of list(spec.imagePullSecrets)) wanted.push(["Secret", name]);
  for (const container of containersOf(pod)) {
    for (const source of list(container.envFrom)) {
      wanted.push(["ConfigMap", at(source, "configMapRef", "name")], ["Secret", at(source, "secretRef", "name")]);
    }
    for (const { valueFrom } of list(container.env)) {
      wanted.push(["ConfigMap", at(valueFrom, "configMapKeyRef", "name"), at(valueFrom, "configMapKeyRef", "key")]);
      wanted.push(["Secret", at(valueFrom, "secretKeyRef", "name"), at(valueFrom, "secretKeyRef", "key")]);
    }
    for (const { name } of list(container.volumeMounts)) {
      if (!volumes.has(name)) faults.push(`${owner}: no volume ${name} to mount`);
    }
    for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"]) {
      const port = at(container, probe, "httpGet", "port");
      if (port !== undefined && !hasPort([container], port)) faults.push(`${owner}: no port ${port} for its ${probe}`);
    }
  }
  for (const { labelSelector } of list(spec.topologySpreadConstraints)) {
    const selector = labels(at(labelSelector, "matchLabels"));
    if (!matches(selector, pod.labels)) faults.push(`${owner}: is spread by labels that it does not have`);
  }
  for (const [kind, name, key] of wanted) {
    if (name === undefined) continue;
    const target = manifests.find((manifest) => manifest.kind === kind && manifest.metadata?.name === name);
    if (target === undefined) faults.push(`${owner}: no ${kind} ${name}`);
    else if (key !== undefined && at(target, "data", String(key)) === undefined) {
      faults.push(`${owner}: no key ${key} in ${kind} ${name}`);
    }
  }
  return faults;
}

/** By kind: what an object's own fields refer to. */
function objectReferenceFaults(
  manifest: Manifest,
  manifests: readonly Manifest[],
  pods: readonly PodTemplate[],
): string[] {
  const where = nameOf(manifest);
  const selected = (selector: Labels): PodTemplate[] => pods.filter((pod) => matches(selector, pod.labels));
  const selector = labels(at(manifest, "spec", "selector", "matchLabels"));
  switch (manifest.kind) {
    case "Deployment":
    case "StatefulSet":
    case "DaemonSet": {
      const own = labels(at(manifest, "spec", "template", "metadata", "labels"));
      return matches(selector, own) ? [] : [`${where}: its selector does not match its pods`];
    }
    case "Service": {
      const backends = selected(labels(at(manifest, "spec", "selector")));
      if (backends.length === 0) return [`${where}: selects no pod`];
      const ports = list(at(manifest, "spec", "ports")).map(({ port, targetPort }) => targetPort ?? port);
      return backends.flatMap((pod) => {
        const missing = ports.filter((port) => !hasPort(containersOf(pod), port));
        return missing.map((port) => `${where}: ${pod.owner} has no port ${port}`);
      });
    }
    case "PodDisruptionBudget":
      return selected(selector).length > 0 ? [] : [`${where}: selects no pod`];
    case "NetworkPolicy": {
      const chosen = selected(labels(at(manifest, "spec", "podSelector", "matchLabels")));
      if (chosen.length === 0) return [`${where}: selects no pod`];
      const ports = list(at(manifest, "spec", "ingress")).flatMap((rule) => list(rule.ports).map(({ port }) => port));
      const containers = chosen.flatMap(containersOf);
      return ports.filter((port) => !hasPort(containers, port)).map((port) => `${where}: no pod has the port ${port}`);
    }
    case "HorizontalPodAutoscaler": {
      const target = at(manifest, "spec", "scaleTargetRef") as Tree;
      const found = manifests.find(({ kind, metadata }) => kind === target.kind && metadata?.name === target.name);
      return found ? [] : [`${where}: no ${target.kind} ${target.name}`];
    }
    case "ServiceMonitor": {
      const services = manifests.filter(({ kind, metadata }) => {
        return kind === "Service" && matches(selector, labels(metadata?.labels));
      });
      if (services.length === 0) return [`${where}: selects no Service`];
      const names = services.flatMap((service) => list(at(service, "spec", "ports")).map(({ name }) => name));
      const missing = list(at(manifest, "spec", "endpoints")).filter(({ port }) => !names.includes(port));
      return missing.map(({ port }) => `${where}: no Service has the port ${port}`);
    }
    case "InferenceService": {
      const has = (kind: string, name: unknown): boolean => {
        return manifests.some((other) => other.kind === kind && other.metadata?.name === name);
      };
      const runtime = at(manifest, "spec", "predictor", "model", "runtime");
      const account = at(manifest, "spec", "predictor", "serviceAccountName");
      return [
        ...(has("ServingRuntime", runtime) ? [] : [`${where}: no ServingRuntime ${runtime}`]),
        ...(has("ServiceAccount", account) ? [] : [`${where}: no ServiceAccount ${account}`]),
      ];
    }
    default:
      return [];
  }
}

function hasPort(containers: readonly Tree[], port: unknown): boolean {
  const ports = containers.flatMap((container) => list(container.ports));
  return ports.some(({ name, containerPort }) => port === name || port === containerPort);
}
