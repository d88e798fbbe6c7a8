/**
 * How large the parts of a model may be, its weights aside. Looked at before anything is made of
 * the bytes: 26 MB of a million nodes took 3 s and 700 MB to parse, and ONNX Runtime's own loading
 * takes four times as long for twice the nodes (0.3 s for 10,000 in a row, 21 s for 100,000).
 */
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { counted, formatBytes } from "../../base/quantity.ts";
import { GraphProtoSchema, ModelProtoSchema, TensorProtoSchema } from "./generated/onnx_pb.ts";
import { unreadable, type Where } from "./unreadable.ts";

/** Picture classifiers have a few thousand nodes at most. */
export const modelLimits = {
  nodes: 20_000,
  /** Nodes, tensors and declared values together. */
  graphParts: 100_000,
  /** Of the graph, without the raw numbers of its tensors. */
  graphBytes: 64 * 2 ** 20,
  /** Messages at any depth, in subgraphs too: each takes some hundred bytes of memory, and two in the file. */
  messages: 500_000,
  /** Names, and whole numbers that are not raw: a byte in the file is up to 24 bytes of memory. */
  scalars: 8_000_000,
  /** Of messages in one another. */
  depth: 100,
  /** Of all that is not the graph: metadata above all. */
  otherBytes: 16 * 2 ** 20,
} as const;

/** Errors: MODEL_UNREADABLE for a larger model; what the reader throws for bytes that are no messages. */
export function requireModelLimits(bytes: Uint8Array, where: Where): void {
  let [nodes, parts, graphBytes, graphsBytes] = [0, 0, 0, 0];
  for (const graph of fieldsOf(bytes)) {
    if (graph.field !== ModelProtoSchema.field.graph.number) continue;
    graphsBytes += graph.bytes.length;
    graphBytes += graph.bytes.length;
    for (const part of fieldsOf(graph.bytes)) {
      parts++;
      if (part.field === GraphProtoSchema.field.node.number) nodes++;
      if (part.field === GraphProtoSchema.field.initializer.number) graphBytes -= rawBytesOf(part.bytes);
      if (nodes > modelLimits.nodes) throw unreadable(`at most ${modelLimits.nodes} nodes`, "more", where);
      if (parts > modelLimits.graphParts) {
        throw unreadable(
          `at most ${counted(modelLimits.graphParts, "node, tensor or value", "nodes, tensors and values")}`,
          "more",
          where,
        );
      }
    }
  }
  requireBytes("a graph without its weights", graphBytes, modelLimits.graphBytes, where);
  requireBytes("metadata", bytes.length - graphsBytes, modelLimits.otherBytes, where);
  const counts = { messages: 0, scalars: 0 };
  countParts(ModelProtoSchema, bytes, counts, 0, () => {
    if (counts.messages > modelLimits.messages)
      throw unreadable(`a model of at most ${modelLimits.messages} protobuf messages`, "more", where);
    if (counts.scalars > modelLimits.scalars)
      throw unreadable(`at most ${modelLimits.scalars} names and whole numbers outside of raw data`, "more", where);
  });
}

/** Counts what a parser would make of a message; floats are bounded by their bytes. */
function countParts(
  schema: DescMessage,
  message: Uint8Array,
  counts: { messages: number; scalars: number },
  depth: number,
  check: () => void,
): void {
  counts.messages++;
  const numbers = new Map(schema.fields.map((field) => [field.number, field]));
  for (const { field, bytes } of fieldsOf(message)) {
    const known = numbers.get(field);
    const inner = known?.message;
    if (inner && depth < modelLimits.depth) countParts(inner, bytes, counts, depth + 1, check);
    else if (known && !floats.has(known.scalar)) counts.scalars += isPacked(known) ? Math.max(1, bytes.length) : 1;
    check();
  }
}

const floats = new Set<ScalarType | undefined>([ScalarType.FLOAT, ScalarType.DOUBLE]);

/** Whether a field's bytes are numbers in a row: each takes a byte at least. */
function isPacked(field: DescField): boolean {
  if (field.fieldKind !== "list" || field.listKind === "message") return false;
  return field.scalar !== ScalarType.STRING && field.scalar !== ScalarType.BYTES;
}

function requireBytes(what: string, size: number, limit: number, where: Where): void {
  if (size > limit) throw unreadable(`${what} of at most ${formatBytes(limit)}`, formatBytes(size), where);
}

function rawBytesOf(tensor: Uint8Array): number {
  let size = 0;
  for (const { field, bytes } of fieldsOf(tensor))
    if (field === TensorProtoSchema.field.rawData.number) size += bytes.length;
  return size;
}

const nothing = new Uint8Array();

/** The fields of a message, with the bytes of those that are messages, texts or bytes. */
function* fieldsOf(message: Uint8Array): Generator<{ readonly field: number; readonly bytes: Uint8Array }> {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (type === WireType.LengthDelimited) yield { field, bytes: reader.bytes() };
    else {
      reader.skip(type, field);
      yield { field, bytes: nothing };
    }
  }
}
