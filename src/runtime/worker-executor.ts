/** ONNX Runtime in threads of its own: while it computes, the event loop goes on answering. */
import "./engine-telemetry.ts";
import { Worker } from "node:worker_threads";
import { type Deferred, deferred } from "../base/deferred.ts";
import { expandComposites } from "../graph/lower.ts";
import { encodeModel } from "../graph/onnx/encode.ts";
import type { Graph } from "../graph/value.ts";
import { checkFeeds } from "./check-feeds.ts";
import type { EngineOptions, Executor, Program, Tensor, Tensors } from "./executor.ts";
import { engineError, fromOrt, type OrtOutput, sessionOptions } from "./ort-session.ts";

type Outputs = Readonly<Record<string, OrtOutput>>;

type Message =
  | { readonly ready: boolean; readonly error?: string; readonly id?: undefined }
  | { readonly id: number; readonly outputs: Outputs; readonly error?: undefined }
  | { readonly id: number; readonly outputs?: undefined; readonly error: string };

/**
 * An executor whose programs each live in a worker thread. Runs may overlap and are computed in
 * order, so that the next batch is ready when one ends. The memory of feeds is copied to the
 * thread.
 *
 * ONNX Runtime's threads do not spin between ops here: spinning gains 0.08 ms on the smallest net,
 * and takes a core from decoding and HTTP.
 */
export function createWorkerExecutor({ threads }: EngineOptions = {}): Executor<"concurrent"> {
  return {
    name: "onnxruntime-worker",
    runs: "concurrent",
    async load(graph) {
      const bytes = encodeModel(expandComposites(graph));
      const options = {
        ...sessionOptions(threads === undefined ? {} : { threads }),
        extra: { session: { intra_op: { allow_spinning: "0" } } },
      };
      const worker = new Worker(new URL("./engine-worker.mjs", import.meta.url), { workerData: { bytes, options } });
      return openWorker(graph, worker);
    },
  };
}

async function openWorker(graph: Graph, worker: Worker): Promise<Program> {
  const waiting = new Map<number, Deferred<Outputs>>();
  let nextId = 0;
  let isClosing = false;
  const ended = deferred<void>();
  const started = deferred<void>();
  const fail = (cause: unknown): void => {
    const error = engineError("a running thread of ONNX Runtime", graph, cause);
    started.reject(error);
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.on("message", (message: Message) => {
    if (message.id === undefined) {
      if (message.ready) started.resolve();
      else started.reject(engineError("a graph that ONNX Runtime (cpu) loads", graph, message.error));
      return;
    }
    const run = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.outputs) run?.resolve(message.outputs);
    else run?.reject(engineError("a run of the graph by ONNX Runtime", graph, message.error));
  });
  worker.on("error", fail);
  worker.on("exit", (code) => {
    isClosing = true;
    fail(new Error(`the thread ended with code ${code}`));
    ended.resolve();
  });
  const close = async (): Promise<void> => {
    if (!isClosing) worker.postMessage("close");
    isClosing = true;
    await ended.promise;
  };
  await started.promise.catch(async (error: unknown) => {
    await close();
    throw error;
  });
  const names = Object.keys(graph.outputs);
  return {
    async run(feeds, into = {}) {
      checkFeeds(graph, feeds, into);
      if (isClosing) throw engineError("an open program", graph, new Error("a closed one"));
      const id = nextId++;
      const done = deferred<Outputs>();
      waiting.set(id, done);
      const copies = copyTensors(feeds);
      worker.postMessage(
        { id, feeds: copies, fetches: names },
        Object.values(copies).map(({ data }) => data.buffer),
      );
      const outputs = await done.promise;
      return Object.fromEntries(names.map((name) => [name, keep(fromOrt(graph, name, outputs[name]!), into[name])]));
    },
    close,
  };
}

/**
 * Copies that can be handed over: sending a view as it is would send all of the memory that it is a
 * part of.
 */
function copyTensors(feeds: Tensors) {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { dtype, data, shape }]) => {
      // slice() gives memory of its own, never shared; a Buffer's would be a view.
      const copy = (data instanceof Buffer ? Uint8Array.from(data) : data.slice()) as Tensor["data"] & {
        readonly buffer: ArrayBuffer;
      };
      return [name, { type: dtype, data: copy, dims: shape }];
    }),
  );
}

/** The tensor itself, or the one given as `into`, filled. */
function keep(tensor: Tensor, into: Tensor | undefined): Tensor {
  if (into === undefined) return tensor;
  // Both are of the output's type: checkFeeds saw to the one, the engine to the other.
  (into.data as Float32Array).set(tensor.data as Float32Array);
  return into;
}
