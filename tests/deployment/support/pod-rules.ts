/**
 * What every pod must keep to: the profile `restricted` of the Pod Security Standards, pinned images,
 * requests and limits, a root file system that nobody writes to.
 */
import { at, containersOf, list, type Manifest, type PodTemplate, podTemplates, type Tree } from "./manifest.ts";

// https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
const allowedVolumes = new Set([
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
]);
const safeSysctls = new Set([
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.ping_group_range",
]);

/** Where pods break the profile `restricted`, one line each. */
export function podSecurityFaults(manifests: readonly Manifest[]): string[] {
  return podTemplates(manifests).flatMap((pod) => {
    return [...podFaults(pod), ...containersOf(pod).flatMap((container) => containerFaults(pod, container))];
  });
}

function podFaults({ owner, spec }: PodTemplate): string[] {
  const faults: string[] = [];
  for (const key of ["hostNetwork", "hostPID", "hostIPC"]) {
    if (spec[key] === true) faults.push(`${owner}: ${key} is true`);
  }
  for (const volume of list(spec.volumes)) {
    const kinds = Object.keys(volume).filter((key) => key !== "name");
    const refused = kinds.filter((kind) => !allowedVolumes.has(kind));
    if (refused.length > 0) faults.push(`${owner}: volume ${volume.name} is a ${refused.join(", ")}`);
  }
  for (const { name } of list(at(spec, "securityContext", "sysctls"))) {
    if (!safeSysctls.has(String(name))) faults.push(`${owner}: sysctl ${name} is not a safe one`);
  }
  return faults;
}

function containerFaults({ owner, spec }: PodTemplate, container: Tree): string[] {
  const where = `${owner} container ${container.name}`;
  const own = (...way: string[]): unknown => at(container, "securityContext", ...way);
  const either = (...way: string[]): unknown => own(...way) ?? at(spec, "securityContext", ...way);
  const seccomp = either("seccompProfile", "type");
  const added = (own("capabilities", "add") ?? []) as readonly unknown[];
  const dropped = (own("capabilities", "drop") ?? []) as readonly unknown[];
  const hostPorts = list(container.ports).filter(({ hostPort }) => Boolean(hostPort));
  const handlers = ["livenessProbe", "readinessProbe", "startupProbe"].map((name) => at(container, name));
  const hosts = handlers.filter((probe) => at(probe, "httpGet", "host") ?? at(probe, "tcpSocket", "host"));
  const rules: readonly (readonly [boolean, string])[] = [
    [own("privileged") === true, "is privileged"],
    [own("allowPrivilegeEscalation") !== false, "lacks allowPrivilegeEscalation: false"],
    [either("runAsNonRoot") !== true, "lacks runAsNonRoot: true"],
    [either("runAsUser") === 0, "runs as user 0"],
    [seccomp !== "RuntimeDefault" && seccomp !== "Localhost", "lacks a seccomp profile"],
    [!dropped.includes("ALL"), "does not drop ALL capabilities"],
    [added.some((name) => name !== "NET_BIND_SERVICE"), `adds the capabilities ${added.join(", ")}`],
    [(own("procMount") ?? "Default") !== "Default", "has a procMount of its own"],
    [hostPorts.length > 0, "takes a port of the host"],
    [hosts.length > 0, "has a probe of another host"],
    [either("windowsOptions", "hostProcess") === true, "is a host process"],
  ];
  return rules.flatMap(([isBroken, fault]) => (isBroken ? [`${where} ${fault}`] : []));
}

/** Where pods break the project's own rules, one line each. */
export function podHygieneFaults(manifests: readonly Manifest[]): string[] {
  return podTemplates(manifests).flatMap((pod) => {
    return containersOf(pod).flatMap((container) => {
      const where = `${pod.owner} container ${container.name}`;
      const security = at(container, "securityContext");
      const user = at(security, "runAsUser") ?? at(pod.spec, "securityContext", "runAsUser");
      const amounts = ["requests", "limits"].flatMap((kind) => ["cpu", "memory"].map((of) => [kind, of] as const));
      return [
        ...amounts.flatMap(([kind, of]) => {
          return at(container, "resources", kind, of) === undefined ? [`${where} lacks ${kind} of ${of}`] : [];
        }),
        ...(at(security, "readOnlyRootFilesystem") === true ? [] : [`${where} may write to its root file system`]),
        ...(typeof user === "number" ? [] : [`${where} lacks a numeric user`]),
      ];
    });
  });
}

/** Images without a tag or digest, or with a tag that moves, one line each. */
export function imageFaults(manifests: readonly Manifest[]): string[] {
  return podTemplates(manifests).flatMap((pod) => {
    return containersOf(pod).flatMap(({ name, image }) => {
      const fault = imageFault(image);
      return fault === undefined ? [] : [`${pod.owner} container ${name}: image ${image} ${fault}`];
    });
  });
}

/** What is wrong with the name of an image, or undefined. */
export function imageFault(image: unknown): string | undefined {
  if (typeof image !== "string") return "is no text";
  if (/@sha256:[0-9a-f]{64}$/.test(image)) return undefined;
  const tag = /:([\w][\w.-]*)$/.exec(image.slice(image.lastIndexOf("/") + 1))?.[1];
  if (tag === undefined) return "has no tag";
  return ["latest", "main", "master", "stable", "edge"].includes(tag) ? "has a tag that moves" : undefined;
}
