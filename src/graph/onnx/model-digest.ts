/** One hash of all that decides what a model answers, whatever order its fields are stored in. */
import { create, toBinary } from "@bufbuild/protobuf";
import { byCodeUnits } from "../../base/by-code-units.ts";
import { contentHash } from "../../base/hash.ts";
import { ModelProtoSchema, TensorProtoSchema } from "./generated/onnx_pb.ts";
import type { Metadata, ParsedModel } from "./metadata.ts";

const nothing = new Uint8Array();

/**
 * SHA-256 of the graph, its tensors, the versions of its operator sets and `metadata`. Tools that
 * read a model and write it again keep it, as long as they change none of these.
 */
export function modelDigest(model: ParsedModel, metadata: Metadata): string {
  const { graph, opsetImport } = model;
  return contentHash(partsOf());

  function* partsOf(): Generator<Uint8Array | string> {
    yield toBinary(ModelProtoSchema, create(ModelProtoSchema, { opsetImport, graph: { ...graph, initializer: [] } }));
    // Tensors by themselves, so that weights are hashed where they lie.
    for (const tensor of graph.initializer) {
      yield toBinary(TensorProtoSchema, { ...tensor, rawData: nothing });
      yield tensor.rawData;
    }
    for (const key of Object.keys(metadata).sort(byCodeUnits)) {
      yield key;
      yield metadata[key]!;
    }
  }
}
