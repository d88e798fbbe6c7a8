/** The services that Pawprint is measured against. */
import { availableParallelism } from "node:os";
import { basename, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { findPeerPython } from "../../tests/support/peer-python.ts";
import type { Targets } from "./comparison-rows.ts";
import { type RunningService, startPeer } from "./services.ts";
import { bundleOf, digits, pets, type Subject } from "./subjects.ts";

interface Peer {
  readonly name: string;
  readonly targetsAt: TargetsAt;
  readonly file: string;
  readonly packages: readonly string[];
  readonly workers: number;
}

type TargetsAt = (subject: Subject["name"], connections: number) => Targets;

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const http = ["fastapi", "uvicorn", "python-multipart", "pillow"];

const torchPeer: Peer = {
  name: "FastAPI + PyTorch",
  // With 10 and 64 callers the targets are those of the plan; else it is enough to be better.
  targetsAt(subject, connections) {
    if (connections !== 10 && connections !== 64) return { rate: 1, p50: 1, p99: 1, cpu: null };
    return { rate: subject === "digits" ? 12 : 5, p50: 1, p99: 5, cpu: null };
  },
  file: here("peer.py"),
  packages: ["torch==2.13.0", ...http],
  workers: 1,
};
const onnxPeer: Peer = {
  name: "FastAPI + ONNX Runtime",
  targetsAt: () => ({ rate: 1, p50: 1, p99: 1, cpu: 1 }),
  file: here("peer_onnx.py"),
  packages: ["onnxruntime", "numpy", "uvloop", "httptools", ...http],
  workers: availableParallelism(),
};

export interface RunningPeer extends Pick<Peer, "name" | "targetsAt"> {
  readonly service: RunningService;
}

/** Those whose packages can be had; `file` alone where one is given. `folder` is for bundles. */
export async function startPeers(
  file: string | undefined,
  folder: string,
  log: (text: string) => void,
): Promise<readonly RunningPeer[]> {
  const peers =
    file === undefined ? [torchPeer, onnxPeer] : [{ ...torchPeer, name: basename(file), file: resolve(file) }];
  const bundles = {
    PAWPRINT_PEER_DIGITS: await bundleOf(digits, folder),
    PAWPRINT_PEER_PETS: await bundleOf(pets, folder),
  };
  const running: RunningPeer[] = [];
  for (const { name, targetsAt, packages, file: app, workers } of peers) {
    const python = await findPeerPython(packages, log);
    if (python === undefined) continue;
    running.push({ name, targetsAt, service: await startPeer({ python, file: app, workers, env: bundles }) });
  }
  return running;
}
