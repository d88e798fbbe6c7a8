/** ONNX Runtime in threads of its own: while it computes, the event loop goes on answering. */
import "./engine-telemetry.ts";
import { openThread, type Thread } from "../base/threads/thread.ts";
import { expandComposites } from "../graph/lower.ts";
import { encodeModel } from "../graph/onnx/encode.ts";
import { checkFeeds } from "./check-feeds.ts";
import {
  type EngineOptions,
  type ModelSignature,
  type Program,
  signatureOf,
  type Tensor,
  type Tensors,
  type ThreadedExecutor,
} from "./executor.ts";
import { engineError, fromOrt, type OrtOutput, sessionOptions } from "./ort-session.ts";

type Outputs = Readonly<Record<string, OrtOutput>>;

/** What the thread is asked: first to open the model, then for runs. */
type Question =
  | { readonly bytes: Uint8Array; readonly options: object }
  | { readonly feeds: ReturnType<typeof copyTensors>; readonly fetches: readonly string[] };

/**
 * An executor whose programs each live in a worker thread. Runs may overlap and are computed in
 * order, so that the next batch is ready when one ends. The memory of feeds is copied to the
 * thread.
 *
 * ONNX Runtime's threads do not spin between ops here: spinning gains 0.08 ms on the smallest net,
 * and takes a core from decoding and HTTP.
 */
export function createWorkerExecutor({ threads }: EngineOptions = {}): ThreadedExecutor {
  const options = {
    ...sessionOptions(threads === undefined ? {} : { threads }),
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  };
  const open: ThreadedExecutor["open"] = async ({ bytes, signature }, signal) => {
    const thread = openThread<Question, Outputs>(new URL("./engine-worker.mjs", import.meta.url), { signal });
    try {
      await thread.ask({ bytes, options }, [bytes.buffer]);
    } catch (cause) {
      // Not waited for: a thread that was ended from outside may still be in native code.
      void thread.close();
      throw engineError("a graph that ONNX Runtime (cpu) loads", signature, cause);
    }
    return threadProgram(signature, thread);
  };
  return {
    name: "onnxruntime-worker",
    runs: "concurrent",
    load: async (graph) => open({ bytes: encodeModel(expandComposites(graph)), signature: signatureOf(graph) }),
    open,
  };
}

function threadProgram(signature: ModelSignature, thread: Thread<Question, Outputs>): Program {
  const names = Object.keys(signature.outputs);
  return {
    async run(feeds, into = {}) {
      checkFeeds(signature, feeds, into);
      if (!thread.isOpen) throw engineError("an open program", signature, new Error("a closed one"));
      const copies = copyTensors(feeds);
      const memory = Object.values(copies).map(({ data }) => data.buffer);
      const outputs = await thread.ask({ feeds: copies, fetches: names }, memory).catch((cause: unknown) => {
        throw engineError("a run of the graph by ONNX Runtime", signature, cause);
      });
      return Object.fromEntries(
        names.map((name) => [name, keep(fromOrt(signature, name, outputs[name]!), into[name])]),
      );
    },
    close: () => thread.close(),
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
