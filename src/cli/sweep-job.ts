/** A sweep as Kubernetes objects: an Indexed Job, each pod one trial, and a ConfigMap with the file. */
import { type Document, parseDocument, stringify } from "yaml";
import { AppError } from "../base/errors.ts";
import { parseSweep, type Sweep } from "../train/sweep/sweep-config.ts";
import { requireIndependentTrials } from "../train/sweep/trial-results.ts";

export interface SweepJobOptions {
  /** The sweep's file. */
  readonly text: string;
  readonly fileName: string;
  /** Labelled pictures as the pods reach them, in place of the file's. */
  readonly data: string;
  /** Of the command line, with a tag or digest. */
  readonly image: string;
  /** Where the pods leave their results. */
  readonly out: string;
  /** Of the Job and the ConfigMap. */
  readonly name: string;
  readonly namespace?: string;
  /** Pods at the same time. */
  readonly parallelism: number;
  /** Of each pod, in Kubernetes' notation. */
  readonly cpu: string;
  readonly memory: string;
  readonly serviceAccount?: string;
  /** A Secret whose keys become environment variables of the pods. */
  readonly secret?: string;
}

export interface SweepJob {
  readonly trials: number;
  /** ConfigMap and Job. */
  readonly manifests: readonly object[];
}

/** The most that a ConfigMap takes is 1 MiB, its name and labels included. */
const largestFileBytes = 1_000_000;
/** An attempt after the first one: for a node that fails, or memory that others took. */
const attemptsAgain = 2;

/**
 * Errors: those of `parseSweep`; CONFIG_INVALID for trials that depend on each other, a backbone that pods
 * cannot reach, or a large file.
 */
export function sweepJob(options: SweepJobOptions): SweepJob {
  const { text, fileName, data, name, namespace } = options;
  const sweep = parseSweep(text, fileName);
  requireIndependentTrials(sweep, fileName);
  requireBackbonesOfImage(sweep, fileName);
  const file = withData(text, data);
  const { trials } = parseSweep(file, fileName);
  const sizeBytes = Buffer.byteLength(file);
  if (sizeBytes > largestFileBytes) {
    throw new AppError("CONFIG_INVALID", {
      required: `a file of at most ${largestFileBytes} bytes, which a ConfigMap can hold`,
      received: `${sizeBytes} bytes`,
      where: fileName,
    });
  }
  const metadata = { name, ...(namespace !== undefined && { namespace }), labels };
  return {
    trials,
    manifests: [
      // Immutable, so that all pods of a Job read the same file.
      { apiVersion: "v1", kind: "ConfigMap", metadata, immutable: true, data: { "sweep.yaml": file } },
      { apiVersion: "batch/v1", kind: "Job", metadata, spec: jobSpec(options, trials) },
    ],
  };
}

/** A pod has the image's files and none of this machine's. */
function requireBackbonesOfImage({ fixed, search }: Sweep, where: string): void {
  const { backbone } = search;
  const names = [fixed.backbone, ...(backbone?.kind === "choice" ? backbone.values : [])];
  const relative = names.find((name) => name !== undefined && !String(name).startsWith("/"));
  if (relative === undefined) return;
  throw new AppError("CONFIG_INVALID", {
    required: "the backbone's absolute path in the image",
    received: String(relative),
    where: `${where} backbone`,
    hint: "build an image with it: FROM the training image, COPY the file and its side-car",
  });
}

/** As `kubectl apply -f` takes it. */
export function manifestText(manifests: readonly object[]): string {
  return manifests.map((manifest) => stringify(manifest, { lineWidth: 0, aliasDuplicateObjects: false })).join("---\n");
}

/** Those of the training Job, so that its NetworkPolicy holds for the trials too. */
const labels = {
  "app.kubernetes.io/name": "pawprint",
  "app.kubernetes.io/component": "training",
  "app.kubernetes.io/part-of": "pawprint",
};

/** Comments and order of the file stay. */
function withData(text: string, data: string): string {
  const document: Document = parseDocument(text);
  document.set("data", data);
  return document.toString({ lineWidth: 0 });
}

function jobSpec({ name, parallelism, ...options }: SweepJobOptions, trials: number): object {
  return {
    completionMode: "Indexed",
    completions: trials,
    parallelism: Math.min(parallelism, trials),
    // A trial that fails for good does not end the others.
    backoffLimitPerIndex: attemptsAgain,
    podFailurePolicy: {
      rules: [
        // A drained node or a preemption is no failure of the trial.
        { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
        // 2: a setting is wrong, which no other attempt mends.
        { action: "FailIndex", onExitCodes: { containerName: "trial", operator: "In", values: [2] } },
      ],
    },
    ttlSecondsAfterFinished: 86_400,
    template: { metadata: { labels }, spec: podSpec({ name, ...options }) },
  };
}

function podSpec(options: Omit<SweepJobOptions, "parallelism">): object {
  const { name, image, out, cpu, memory, serviceAccount, secret } = options;
  return {
    restartPolicy: "Never",
    ...(serviceAccount !== undefined && { serviceAccountName: serviceAccount }),
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 120,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 10_001,
      runAsGroup: 10_001,
      fsGroup: 10_001,
      fsGroupChangePolicy: "OnRootMismatch",
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [
      {
        name: "trial",
        image,
        imagePullPolicy: "IfNotPresent",
        // Kubernetes fills in the number; a `$(` of ours is doubled to stay as it is.
        args: [
          "sweep",
          "/sweep/sweep.yaml",
          "--trial",
          "$(JOB_COMPLETION_INDEX)",
          "--out",
          "/work/sweep",
          "--results",
          out.replaceAll("$(", "$$$$("),
        ],
        workingDir: "/work",
        ...(secret !== undefined && { envFrom: [{ secretRef: { name: secret } }] }),
        env: [{ name: "HOME", value: "/work" }],
        // The same for both: a trial trains with as many threads as it has cores.
        resources: { requests: { cpu, memory }, limits: { cpu, memory } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
        volumeMounts: [
          { name: "sweep", mountPath: "/sweep", readOnly: true },
          { name: "work", mountPath: "/work" },
          { name: "tmp", mountPath: "/tmp" },
        ],
      },
    ],
    volumes: [
      { name: "sweep", configMap: { name } },
      { name: "work", emptyDir: { sizeLimit: "20Gi" } },
      { name: "tmp", emptyDir: { sizeLimit: "2Gi" } },
    ],
  };
}
