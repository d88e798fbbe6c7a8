/**
 * The ONNX Runtime adapter: a graph becomes ONNX bytes, the bytes a session, and tensors pass
 * without copies where they can.
 */
import "./engine-telemetry.ts";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env, InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { expandComposites } from "../graph/lower.ts";
import { encodeModel } from "../graph/onnx/encode.ts";
import type { Graph } from "../graph/value.ts";
import { checkFeeds } from "./check-feeds.ts";
import { type Executor, type LoadOptions, type Program, signatureOf, type Tensor, type Tensors } from "./executor.ts";
import { engineError, fromOrt, sessionOptions } from "./ort-session.ts";
import { type OpTime, summarizeProfile } from "./profile.ts";
import type { SessionSettings } from "./session-settings.ts";

export interface OnnxRuntimeOptions extends SessionSettings {
  /**
   * Rewrites a graph before it is encoded; must leave no composite op. Standard ONNX ops unless
   * given.
   */
  readonly lower?: (graph: Graph) => Graph;
  /** "portable" sets `lower` aside and keeps to standard ONNX ops; "fast" unless given. */
  readonly lowering?: "fast" | "portable";
  /** Records kernel times of every program; see `OnnxRuntimeProgram.endProfile`. */
  readonly profile?: boolean;
}

export interface OnnxRuntimeProgram extends Program {
  /**
   * Ends the recording and gives the kernel times so far by op; empty where no profile was asked
   * for.
   */
  endProfile(): Promise<readonly OpTime[]>;
}

export interface OnnxRuntimeExecutor extends Executor<"serial"> {
  load(graph: Graph, options?: LoadOptions): Promise<OnnxRuntimeProgram>;
}

/**
 * An executor over onnxruntime-node. Runs block the event loop while they compute, one op at a
 * time. Feeds are not copied on the CPU provider, and outputs named in `into` are written in place.
 */
export function createOnnxRuntimeExecutor(options: OnnxRuntimeOptions = {}): OnnxRuntimeExecutor {
  const { provider = "cpu", lowering = "fast" } = options;
  const lower = lowering === "fast" ? (options.lower ?? expandComposites) : expandComposites;
  return {
    name: `onnxruntime-${provider}`,
    runs: "serial",
    async load(graph, { profile = options.profile ?? false } = {}) {
      const bytes = encodeModel(lower(graph));
      const folder = profile ? await mkdtemp(join(tmpdir(), "pawprint-profile-")) : undefined;
      try {
        return openProgram(graph, await InferenceSession.create(bytes, sessionOptions(options, folder)), folder);
      } catch (cause) {
        if (folder !== undefined) await rm(folder, { recursive: true, force: true });
        throw engineError(`a graph that ONNX Runtime (${provider}) loads`, graph, cause);
      }
    },
  };
}

function openProgram(graph: Graph, session: InferenceSession, profileFolder: string | undefined): OnnxRuntimeProgram {
  const signature = signatureOf(graph);
  let open = true;
  let profiling = profileFolder !== undefined;
  const endProfile = async (): Promise<readonly OpTime[]> => {
    if (!profiling || profileFolder === undefined) return [];
    profiling = false;
    session.endProfiling();
    const [file] = await readdir(profileFolder);
    const rows = file === undefined ? [] : summarizeProfile(await readFile(join(profileFolder, file), "utf8"));
    await rm(profileFolder, { recursive: true, force: true });
    return rows;
  };
  return {
    async run(feeds, into = {}) {
      checkFeeds(signature, feeds, into);
      if (!open) throw engineError("an open program", graph, new Error("a closed one"));
      const fetches = Object.fromEntries(
        Object.keys(graph.outputs).map((name) => [name, into[name] ? toOrt(into[name]) : null]),
      );
      const results = await session.run(toOrtAll(feeds), fetches).catch((cause: unknown) => {
        throw engineError("a run of the graph by ONNX Runtime", graph, cause);
      });
      return Object.fromEntries(
        Object.keys(graph.outputs).map((name) => [name, into[name] ?? fromOrt(graph, name, results[name]!)]),
      );
    },
    endProfile,
    async close() {
      if (!open) return;
      open = false;
      await endProfile();
      await session.release();
    },
  };
}

function toOrtAll(tensors: Tensors): Record<string, OrtTensor> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, toOrt(tensor)]));
}

/** The same memory as ONNX Runtime's own tensor class. */
function toOrt({ dtype, data, shape }: Tensor): OrtTensor {
  return new OrtTensor(dtype, data as Float32Array, shape);
}

/** The version of ONNX Runtime. */
export function engineVersion(): string {
  return env.versions.node ?? env.versions.common;
}
