/**
 * Vitest's global set-up of the interop tests: the peers' Python environment is made once, before any
 * file needs it, and one MLflow server, started when the first file asks for it, serves all of them.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";
import { type MlflowPeer, startMlflowPeer } from "./mlflow-peer.ts";
import { installPeers } from "./peer-python.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Answers with the address of the shared MLflow server, started on demand. */
    readonly mlflowStarter: string;
  }
}

const packages = ["numpy", "pandas", "onnx", "onnxruntime", "mlflow", "fastapi", "uvicorn", "Flask-WTF"];
const furtherPackages = [
  "tritonclient[http]",
  "schemathesis",
  "onnxscript",
  "torch==2.13.0",
  "dvc",
  "dvc-s3",
  "moto[server]",
];

let starter: Server | undefined;
let peer: Promise<MlflowPeer> | undefined;

export async function setup({ provide }: TestProject): Promise<void> {
  /** `postgresql+psycopg2://...` of an empty database; a new SQLite file unless set. */
  const backendStoreUri = process.env.PAWPRINT_TEST_MLFLOW_STORE;
  const drivers = backendStoreUri?.startsWith("postgresql") ? ["psycopg2-binary"] : [];
  const note = (text: string) => process.stderr.write(`${text}\n`);
  const python = installPeers([...packages, ...furtherPackages, ...drivers], note);
  // Workers get the environment of this process: they find what is there, and install nothing.
  process.env.PAWPRINT_PEER_PYTHON = python;
  starter = createServer((_, response) => {
    peer ??= startMlflowPeer(python, { ...(backendStoreUri && { backendStoreUri }) });
    peer.then(
      ({ url }) => response.end(url),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => starter?.listen(0, "127.0.0.1", resolve));
  const { port } = starter.address() as AddressInfo; // it listens on an address and a port
  provide("mlflowStarter", `http://127.0.0.1:${port}`);
}

export async function teardown(): Promise<void> {
  starter?.close();
  await (await peer?.catch(() => undefined))?.stop();
}
