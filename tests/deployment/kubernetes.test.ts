/** The kustomizations: rendered, held against a server's own schema, and against the service that they run. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { readShard } from "../../src/predict/batch/shard.ts";
import { because } from "../support/missing-program.ts";
import { exportedMetrics } from "./support/exported-metrics.ts";
import { createSchemaCheck, schemaMissing } from "./support/kubernetes-schema.ts";
import {
  at,
  kubectlMissing,
  kubernetesFolder,
  list,
  type Manifest,
  type PodTemplate,
  podTemplates,
  renderFolder,
  renderTogether,
  type Tree,
} from "./support/manifest.ts";
import { imageFaults, podHygieneFaults, podSecurityFaults } from "./support/pod-rules.ts";
import { referenceFaults } from "./support/reference-rules.ts";
import { serviceFaults } from "./support/service-rules.ts";

const folders = readdirSync(kubernetesFolder, { recursive: true, encoding: "utf8" })
  .map((name) => join(kubernetesFolder, name))
  .filter((folder) => existsSync(join(folder, "kustomization.yaml")))
  .map((folder) => relative(kubernetesFolder, folder));

/** Components that are nothing without it. */
const changesBase = new Set(["components/model-in-image", "components/prediction-log", "components/queue-autoscaler"]);

/** What docs/deployment.md has people make beforehand: no file may hold it. */
const secret: Manifest = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "pawprint-prediction-log" },
  data: { url: "" },
};

/** What stands side by side in a cluster, and refers to each other. */
const together: Readonly<Record<string, () => Manifest[]>> = {
  base: () => renderTogether(["base"]),
  "overlays/local": () => renderTogether(["overlays/local"]),
  "overlays/eks": () => renderTogether(["overlays/eks"]),
  "overlays/local, jobs/training and jobs/batch": () =>
    renderTogether(["overlays/local", "jobs/training", "jobs/batch"]),
  "overlays/eks with components/prediction-log, jobs/drift-report and the Secret": () => [
    ...renderTogether(["overlays/eks", "jobs/drift-report"], ["components/prediction-log"]),
    secret,
  ],
  "base with components/service-monitor": () => renderTogether(["base"], ["components/service-monitor"]),
  "base with components/kserve": () => renderTogether(["base"], ["components/kserve"]),
  "base with components/queue-autoscaler": () => renderTogether(["base"], ["components/queue-autoscaler"]),
  "base with components/model-in-image": () => renderTogether(["base"], ["components/model-in-image"]),
  "base with components/service-monitor and components/alert-rules": () =>
    renderTogether(["base"], ["components/service-monitor", "components/alert-rules"]),
  "components/kserve alone": () => renderTogether([], ["components/kserve"]),
};

it("has a base, overlays, components and jobs", () => {
  expect([...folders].sort()).toEqual([
    "base",
    "components/alert-rules",
    "components/kserve",
    "components/model-in-image",
    "components/prediction-log",
    "components/queue-autoscaler",
    "components/service-monitor",
    "jobs/batch",
    "jobs/drift-report",
    "jobs/training",
    "overlays/eks",
    "overlays/local",
  ]);
});

describe.skipIf(kubectlMissing !== undefined)(`every kustomization${because(kubectlMissing)}`, () => {
  describe.each(folders)("%s", (folder) => {
    const render = () =>
      changesBase.has(folder) ? renderTogether(["base"], [folder]) : renderFolder(join(kubernetesFolder, folder));
    const manifests = kubectlMissing === undefined ? render() : [];

    it.skipIf(schemaMissing !== undefined)(`holds objects that Kubernetes knows${because(schemaMissing)}`, () => {
      expect(manifests.length).toBeGreaterThan(0);
      const check = createSchemaCheck();
      expect(manifests.flatMap(check)).toEqual([]);
    });

    it("keeps to the profile restricted, and names images that do not move", () => {
      expect(podSecurityFaults(manifests)).toEqual([]);
      expect(podHygieneFaults(manifests)).toEqual([]);
      expect(imageFaults(manifests)).toEqual([]);
    });

    it("knows the service's settings, routes, times and flags", () => {
      expect(serviceFaults(manifests)).toEqual([]);
    });
  });

  it.each(Object.keys(together))("%s refers to nothing that is not there", (name) => {
    expect(referenceFaults(together[name]!())).toEqual([]);
  });
});

describe.skipIf(kubectlMissing !== undefined)(`the service in a cluster${because(kubectlMissing)}`, () => {
  const find = (manifests: readonly Manifest[], kind: string): Manifest => {
    return manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === "pawprint")!;
  };

  it("is reached with port-forward service/pawprint 8000:80, in the namespace of the context", () => {
    const service = find(together["overlays/local"]!(), "Service");
    expect(service.metadata.namespace).toBeUndefined();
    expect(at(service, "spec", "ports", 0)).toMatchObject({ port: 80, targetPort: "http" });
  });

  it("keeps all its pods until new ones are ready", () => {
    const deployment = find(together.base!(), "Deployment");
    expect(at(deployment, "spec", "strategy", "rollingUpdate")).toEqual({ maxUnavailable: 0, maxSurge: 1 });
    expect(at(deployment, "spec", "template", "spec", "automountServiceAccountToken")).toBe(false);
  });

  it("has the number of its pods from the autoscaler, or in the overlay, never from both", () => {
    expect(at(find(together["overlays/eks"]!(), "Deployment"), "spec", "replicas")).toBeUndefined();
    const local = together["overlays/local"]!();
    expect(at(find(local, "Deployment"), "spec", "replicas")).toBe(1);
    expect(local.map(({ kind }) => kind)).not.toContain("HorizontalPodAutoscaler");
  });

  it("scales by a metric that it exports", async () => {
    const metrics = list(
      at(find(together["base with components/queue-autoscaler"]!(), "HorizontalPodAutoscaler"), "spec", "metrics"),
    );
    expect(metrics).toHaveLength(2);
    expect(await exportedMetrics()).toContain(at(metrics[1], "pods", "metric", "name"));
  });

  it("is rolled out anew when a setting changes: its ConfigMap's name holds a hash", () => {
    const names = together.base!().filter(({ kind }) => kind === "ConfigMap");
    expect(names.map(({ metadata }) => metadata.name)).toEqual([expect.stringMatching(/^pawprint-[a-z0-9]{10}$/)]);
  });

  it("runs on EKS in a namespace that enforces the profile, behind a load balancer, with a role", () => {
    const manifests = together["overlays/eks"]!();
    const elsewhere = manifests.filter(
      ({ kind, metadata }) => kind !== "Namespace" && metadata.namespace !== "pawprint",
    );
    expect(elsewhere).toEqual([]);
    expect(find(manifests, "Namespace").metadata.labels).toMatchObject({
      "pod-security.kubernetes.io/enforce": "restricted",
    });
    expect(at(find(manifests, "Service"), "spec", "type")).toBe("LoadBalancer");
    expect(find(manifests, "ServiceAccount").metadata.annotations).toHaveProperty(["eks.amazonaws.com/role-arn"]);
  });
});

describe.skipIf(kubectlMissing !== undefined)(`the batch prediction in a cluster${because(kubectlMissing)}`, () => {
  const job = (): Manifest => renderTogether(["jobs/batch"]).find(({ kind }) => kind === "Job")!;
  const container = (): unknown => at(job(), "spec", "template", "spec", "containers", 0);
  const envOf = (name: string): string => {
    const found = list(at(container(), "env")).find((variable) => variable.name === name);
    return String(found?.value);
  };

  it("has a pod for each shard, and tells all of them how many there are", () => {
    const { completionMode, completions } = at(job(), "spec") as Tree;
    expect(completionMode).toBe("Indexed");
    const env = { JOB_COMPLETION_INDEX: String(Number(completions) - 1), JOB_COMPLETIONS: envOf("JOB_COMPLETIONS") };
    expect(readShard("env", env)).toEqual({ index: Number(completions) - 1, count: completions });
    expect(at(container(), "args")).toEqual(expect.arrayContaining(["--shard", "env"]));
  });

  it("goes on with the rows of a container that was killed, on a disk that outlives it", () => {
    expect(at(job(), "spec", "template", "spec", "restartPolicy")).toBe("OnFailure");
    expect(at(container(), "args")).toEqual(expect.arrayContaining(["--resume", "--force"]));
    const mounts = list(at(container(), "volumeMounts"));
    const work = mounts.find(({ mountPath }) => mountPath === at(container(), "workingDir"));
    expect(work).toBeDefined();
    const volumes = list(at(job(), "spec", "template", "spec", "volumes"));
    expect(volumes.find(({ name }) => name === work!.name)).toHaveProperty("emptyDir");
  });

  it("decodes on as many threads as its CPUs need", () => {
    expect(Number(envOf("UV_THREADPOOL_SIZE"))).toBe(Number(at(container(), "resources", "limits", "cpu")) + 2);
  });
});

describe.skipIf(kubectlMissing !== undefined)(`the prediction log in a cluster${because(kubectlMissing)}`, () => {
  const manifests = (): Manifest[] => renderTogether(["base", "jobs/drift-report"], ["components/prediction-log"]);
  const logOf = ({ spec }: PodTemplate): unknown => {
    const env = list(at(list(spec.containers)[0], "env"));
    return at(
      env.find(({ name }) => name === "PAWPRINT_SERVE_PREDICTION_LOG"),
      "valueFrom",
      "secretKeyRef",
    );
  };

  it("is the same for the service and its reports: the Secret that the guide has people make", () => {
    const pods = podTemplates(manifests());
    expect(pods.map(({ owner }) => owner)).toEqual(["Deployment/pawprint", "CronJob/pawprint-drift-report"]);
    for (const pod of pods) expect(logOf(pod)).toEqual({ name: secret.metadata.name, key: "url" });
    const guide = readFileSync(resolve("docs", "deployment.md"), "utf8");
    expect(guide).toContain(`create secret generic ${secret.metadata.name} --from-file=url=`);
  });

  it("is reached through the policies of both", () => {
    const policies = manifests().filter(({ kind }) => kind === "NetworkPolicy");
    expect(policies).toHaveLength(2);
    for (const policy of policies) {
      const ports = list(at(policy, "spec", "egress")).flatMap((rule) => list(rule.ports).map(({ port }) => port));
      expect(ports).toEqual(expect.arrayContaining([53, 443, 5432]));
    }
  });

  it("is reported each day under the Job's name, and a report with an alarm is not made again", () => {
    const job = at(
      manifests().find(({ kind }) => kind === "CronJob"),
      "spec",
      "jobTemplate",
      "spec",
    );
    const [rule] = list(at(job, "podFailurePolicy", "rules"));
    const container = list(at(job, "template", "spec", "containers"))[0]!;
    expect(rule).toMatchObject({
      action: "FailJob",
      onExitCodes: { containerName: container.name, operator: "In", values: [1] },
    });
    expect(at(job, "template", "spec", "restartPolicy")).toBe("Never");
    const args = container.args as readonly string[];
    const names = args.flatMap((arg) => [...arg.matchAll(/\$\((\w+)\)/g)].map(([, name]) => name));
    expect(names).toEqual(["JOB_NAME"]);
    const variable = list(container.env).find(({ name }) => name === "JOB_NAME");
    expect(at(variable, "valueFrom", "fieldRef", "fieldPath")).toBe("metadata.labels['batch.kubernetes.io/job-name']");
  });
});
