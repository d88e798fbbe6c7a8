/** The port to the engines that run graphs. Everything above this folder sees only these types. */

import type { TensorData, TensorType } from "../graph/tensor-type.ts";
import type { Graph } from "../graph/value.ts";

/** Numbers with their element type and shape, row-major. */
export type Tensor = TensorData;
/** Tensors by the names of inputs or outputs. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** Whether a program's runs must wait for one another, or may overlap and are computed in order. */
export type Runs = "serial" | "concurrent";

/** An engine that can run graphs. */
export interface Executor<R extends Runs = Runs> {
  readonly name: string;
  /** Holds for every program that it loads. */
  readonly runs: R;
  /**
   * Prepares a graph to be run many times.
   * Errors: EXECUTION_FAILED where the engine refuses the graph, with its own message.
   */
  load(graph: Graph, options?: LoadOptions): Promise<Program>;
}

/** A graph as engines see it from outside. */
export interface ModelSignature {
  readonly name: string;
  readonly inputs: Readonly<Record<string, TensorType>>;
  readonly outputs: Readonly<Record<string, TensorType>>;
}

/** A graph of standard ONNX ops as the bytes of an `.onnx` file. */
export interface EncodedModel {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly signature: ModelSignature;
}

/** An engine whose programs live in threads of their own. */
export interface ThreadedExecutor extends Executor<"concurrent"> {
  /**
   * As `load`, of a graph that was encoded before; the memory of its bytes goes to the thread.
   * `signal` ends the program where it stands: what it was asked fails. Errors: EXECUTION_FAILED.
   */
  open(model: EncodedModel, signal?: AbortSignal): Promise<Program>;
}

export interface EngineOptions {
  /** Default: one for each core. */
  readonly threads?: number;
}

/** Opens an engine. */
export type EngineFactory<R extends Runs = Runs> = (options?: EngineOptions) => Promise<Executor<R>>;

export interface LoadOptions {
  /** Records how long each kind of op takes, where the engine can; off unless given. */
  readonly profile?: boolean;
}

/** A graph made ready to run. It holds the engine's memory until it is closed. */
export interface Program {
  /**
   * Computes all outputs from the graph's inputs. `into` names outputs that are written into the
   * tensors given there, without a copy: the result holds those very tensors. Two sets of buffers
   * that change places carry state from one run to the next without allocation; a buffer must not
   * be fed and written in the same run. Calls may overlap only where the executor's `runs` is
   * "concurrent". An engine may block the event loop while it computes.
   * Errors: EXECUTION_INPUT for a wrong name, shape, type or length in `feeds` or `into`;
   * EXECUTION_FAILED.
   */
  run(feeds: Tensors, into?: Tensors): Promise<Record<string, Tensor>>;
  /** Gives the engine's memory back. Later runs fail; closing twice does nothing. */
  close(): Promise<void>;
}

/** What a graph takes and gives. */
export function signatureOf({ name, inputs, outputs }: Graph): ModelSignature {
  return {
    name,
    inputs: Object.fromEntries(
      inputs.flatMap(({ producer, type }) => (producer.kind === "input" ? [[producer.name, type]] : [])),
    ),
    outputs: Object.fromEntries(Object.entries(outputs).map(([key, { type }]) => [key, type])),
  };
}
