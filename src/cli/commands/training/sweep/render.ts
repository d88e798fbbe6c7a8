/** `pawprint sweep render`: a sweep as a Kubernetes Job, each pod one trial. */

import { basename, extname } from "node:path";
import { AppError } from "../../../../base/errors.ts";
import { writeFileAtomic } from "../../../../base/files/atomic-file.ts";
import { readText } from "../../../../base/files/read-file.ts";
import { visibleText } from "../../../../base/visible-text.ts";
import { requireFreePath } from "../../../../bundle/export-bundle.ts";
import { isS3Address, parseS3Address, s3AddressForm } from "../../../../storage/s3-address.ts";
import { defineCommand } from "../../../frame/command.ts";
import { pathFrom, shownPath } from "../../../paths.ts";
import { manifestText, sweepJob } from "../../../sweep-job.ts";

export const command = defineCommand({
  description: `An Indexed Job and a ConfigMap with the sweep's file, for kubectl apply. The pod of index 3 runs trial 3, as the whole sweep would in one place, and leaves
its result and its bundle as objects, for "sweep collect" to rank. For random search: a trial of successive halving needs the results of others.`,
  arguments: [{ name: "file", doc: "the sweep, such as sweep.yaml" }],
  options: [
    {
      name: "image",
      type: "string",
      required: true,
      doc: "the image of the command line, target train of the Dockerfile, with a tag or digest",
    },
    {
      name: "data",
      type: "string",
      placeholder: "SOURCE",
      required: true,
      doc: "labelled pictures as the pods reach them, such as s3://bucket/pictures",
    },
    {
      name: "out",
      type: "string",
      placeholder: "ADDRESS",
      required: true,
      doc: "where the pods leave their results: s3://bucket/prefix, a prefix for each sweep",
    },
    { name: "name", type: "string", doc: "name of the Job; sweep-NAME unless given, named after the file" },
    { name: "namespace", type: "string", doc: "namespace of the Job; that of kubectl's context unless given" },
    { name: "parallelism", type: "integer", min: 1, max: 1000, default: 4, doc: "pods at once" },
    { name: "cpu", type: "string", placeholder: "AMOUNT", default: "2", doc: "cores of each pod" },
    { name: "memory", type: "string", placeholder: "AMOUNT", default: "4Gi", doc: "memory of each pod" },
    {
      name: "serviceAccount",
      type: "string",
      placeholder: "NAME",
      doc: "service account of the pods, such as one with a role that may write to the bucket",
    },
    {
      name: "secret",
      type: "string",
      placeholder: "NAME",
      doc: "a Secret whose keys become environment variables of the pods: AWS_REGION, MLFLOW_TRACKING_URI",
    },
    { name: "to", type: "string", placeholder: "FILE", doc: "write to this file, not to standard output" },
    { name: "force", short: "f", type: "boolean", doc: "overwrite an existing file" },
  ],
  examples: [
    {
      line: "pawprint sweep render sweep.yaml --image ghcr.io/me/pawprint-train:1a2b3c4 --data s3://pets/pictures --out s3://pets/sweeps/1 --to job.yaml",
      doc: "for kubectl apply -f job.yaml",
    },
  ],
  leavesFiles: true,
  async run({ cwd, dataOut, json, quiet }, { file }, { to, force, ...options }) {
    const { image, out, cpu, memory, namespace, serviceAccount, secret } = options;
    const name = options.name ?? nameFor(basename(file, extname(file)));
    requireImage(image);
    if (!isS3Address(out) || parseS3Address(out) === undefined) {
      throw usage(`${s3AddressForm}, for --out`, "another text");
    }
    for (const [flag, value] of [
      ["--data", options.data],
      ["--out", out],
    ] as const) {
      if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(value)) {
        throw usage(`text without line breaks and control characters, for ${flag}`, JSON.stringify(value));
      }
    }
    // A pod's name, which is its host name too, adds up to 5 characters for the index and 6 more.
    requireName("--name", name, 50);
    for (const [flag, value] of [
      ["--namespace", namespace],
      ["--service-account", serviceAccount],
      ["--secret", secret],
    ] as const) {
      if (value !== undefined) requireName(flag, value, 63);
    }
    requireAmount("--cpu", cpu, /^(?=.*[1-9])\d{1,6}(m|\.\d{1,3})?$/, "cores such as 2, 1.5 or 500m");
    requireAmount("--memory", memory, /^(?=.*[1-9])\d{1,15}(\.\d{1,3})?([kMGT]|[KMGT]i)?$/, "memory such as 4Gi");
    const path = to === undefined ? undefined : pathFrom(cwd, to);
    if (path !== undefined) await requireFreePath(path, force);
    const text = await readText(pathFrom(cwd, file));
    const { trials, manifests } = sweepJob({
      text,
      fileName: basename(file),
      data: options.data,
      image,
      out,
      name,
      parallelism: options.parallelism,
      cpu,
      memory,
      ...(namespace !== undefined && { namespace }),
      ...(serviceAccount !== undefined && { serviceAccount }),
      ...(secret !== undefined && { secret }),
    });
    const rendered = manifestText(manifests);
    if (path !== undefined) await writeFileAtomic(path, rendered, { force });
    else if (!json) {
      dataOut(rendered);
      return undefined;
    }
    const shown = path === undefined ? "" : shownPath(cwd, path);
    return {
      result: { name, trials, ...(path === undefined ? { manifests } : { file: shown }) },
      text: quiet ? "" : visibleText(`${shown}: Job ${name} with ${trials} trials, for kubectl apply -f`),
      quietText: shown,
    };
  },
});

/** `sweep-my-pets` for `My pets`. */
function nameFor(fileName: string): string {
  const own = fileName.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  const named = /^-?sweep(-|$)/.test(own) ? own : `sweep-${own}`;
  return named.slice(0, 50).replace(/^-+|-+$/g, "");
}

/** Pods of one sweep start over hours: a name that moves would mix versions of the code. */
function requireImage(image: string): void {
  const digest = /^[\w.:/-]+@sha256:[0-9a-f]{64}$/.test(image);
  const tag = /^[\w.:/-]+:([\w][\w.-]{0,127})$/.exec(image)?.[1];
  if (digest || (tag !== undefined && !image.endsWith(`/${tag}`) && tag !== "latest")) return;
  throw usage("an image with a digest, or with a tag other than latest, for --image", JSON.stringify(image));
}

function requireName(flag: string, name: string, length: number): void {
  if (name.length <= length && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name)) return;
  const form = `at most ${length} lower-case letters, digits and dashes, a letter first`;
  throw usage(`a name of ${form}, for ${flag}`, JSON.stringify(name));
}

function requireAmount(flag: string, amount: string, form: RegExp, expected: string): void {
  if (!form.test(amount)) throw usage(`${expected}, for ${flag}`, JSON.stringify(amount));
}

function usage(required: string, received: string): AppError {
  return new AppError("CLI_USAGE", { required, received, where: "pawprint sweep render" });
}
