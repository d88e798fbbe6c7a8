/**
 * Versions of the ONNX operator set. Graphs are written in version 20 unless ops of an imported
 * model bind them to another. The ops of our table mean the same in every supported version, but a
 * few are written in other ways in older ones.
 */
import { AppError } from "../../base/errors.ts";
import { type Attributes, type AttributeType, type GraphNode, isNumberList } from "../op.ts";
import { int64Vector } from "../tensor-type.ts";
import { constant, scalar, type Value } from "../value.ts";

/** The version in which our own graphs are written. */
export const opset = 20;

/** The versions that are written; the last is the newest that ONNX Runtime 1.30 runs. */
export const supportedOpsets = { first: 13, last: 26 } as const;

/** The versions that are read: what is older than we write is brought to the first that we write. */
export const readableOpsets = { first: 9, last: supportedOpsets.last } as const;

/** What is written of a node, or read of it. */
export interface NodeForm {
  readonly inputs: readonly (Value | undefined)[];
  readonly attributes: Attributes;
  /** Types of attributes that only this form has. */
  readonly types?: Readonly<Record<string, AttributeType>>;
}

interface FormChange {
  /** The first version with the form of our table. */
  readonly since: number;
  readonly toOlder?: (form: NodeForm) => NodeForm | undefined;
  readonly fromOlder?: (form: NodeForm) => NodeForm;
}

/** Until version 17 the axes were an attribute, where they are an input now. */
const reduction: FormChange = {
  since: 18,
  toOlder: ({ inputs: [x, axes], attributes }) => {
    if (!axes) return { inputs: [x], attributes };
    if (axes.producer.kind !== "constant") return undefined;
    const list = Array.from(axes.producer.tensor.data, Number);
    return { inputs: [x], attributes: { ...attributes, axes: list }, types: { axes: "ints" } };
  },
  fromOlder: ({ inputs, attributes: { axes, ...attributes } }) => ({
    inputs: isNumberList(axes) ? [...inputs, constant(int64Vector(axes))] : inputs,
    attributes,
  }),
};

/** Until version 18 there was no `saturate`, which only the 8-bit floats heed. */
const quantization: FormChange = {
  since: 19,
  toOlder: ({ inputs, attributes: { saturate: _, ...attributes } }) => ({ inputs, attributes }),
};

/** What became inputs of these names was attributes before: lists as int64, numbers as scalars. */
const attributesBefore = (since: number, names: readonly string[]): FormChange => ({
  since,
  fromOlder: ({ inputs: [x], attributes }) => {
    const inputs = names.map((name) => {
      const value = attributes[name];
      if (typeof value === "number") return scalar(value);
      return isNumberList(value) ? constant(int64Vector(value)) : undefined;
    });
    while (inputs.length > 0 && inputs.at(-1) === undefined) inputs.pop();
    const rest = Object.entries(attributes).filter(([name]) => !names.includes(name));
    return { inputs: [x, ...inputs], attributes: Object.fromEntries(rest) };
  },
});

const changes: Readonly<Record<string, FormChange>> = {
  Slice: attributesBefore(10, ["starts", "ends", "axes"]),
  Clip: attributesBefore(11, ["min", "max"]),
  Pad: attributesBefore(11, ["pads", "value"]),
  ReduceSum: attributesBefore(13, ["axes"]),
  Split: attributesBefore(13, ["split"]),
  Squeeze: attributesBefore(13, ["axes"]),
  Unsqueeze: attributesBefore(13, ["axes"]),
  LayerNormalization: { since: 17 },
  QuantizeLinear: quantization,
  ReduceMean: reduction,
  ReduceMax: reduction,
  ReduceSumSquare: reduction,
  HardSwish: { since: 14 },
  Gelu: { since: 20 },
  AveragePool: {
    since: 19,
    toOlder: ({ inputs, attributes: { dilations, ...attributes } }) =>
      isNumberList(dilations) && dilations.some((step) => step !== 1) ? undefined : { inputs, attributes },
  },
  GridSample: {
    since: 20,
    toOlder: ({ inputs, attributes }) => ({ inputs, attributes: { ...attributes, mode: "bilinear" } }),
    fromOlder: ({ inputs, attributes }) => ({
      inputs,
      attributes: attributes.mode === "bilinear" ? { ...attributes, mode: "linear" } : attributes,
    }),
  },
};

/**
 * The ops of ONNX that mean something else in 13 than in an older version, and since when they mean
 * that. All others only gained element types and attributes whose defaults are what was before.
 */
const meaningSince: Readonly<Record<string, number>> = {
  ...{ Slice: 10, TopK: 10, Upsample: Number.POSITIVE_INFINITY, Scatter: Number.POSITIVE_INFINITY },
  ...{ Resize: 11, Clip: 11, Pad: 11, Dropout: 12 },
  ...{ Softmax: 13, LogSoftmax: 13, Hardmax: 13, Split: 13, Squeeze: 13, Unsqueeze: 13, ReduceSum: 13 },
};

/**
 * The version in which a node that is kept as it is can be written, for a file in `version`;
 * `undefined` where it would mean something else in every version that we write.
 */
export function keptVersion(version: number, name: string): number | undefined {
  if (version >= supportedOpsets.first) return version;
  return version >= (meaningSince[name] ?? 0) ? supportedOpsets.first : undefined;
}

/** A node of an ONNX op as its type stands in our table, from the form that it has in `version`. */
export function fromVersion(version: number, name: string, form: NodeForm): NodeForm {
  const change = changes[name];
  return change?.fromOlder && version < change.since ? change.fromOlder(form) : form;
}

/** A node of our table in the form of `version`. Errors: GRAPH_ATTRIBUTE where it has none. */
export function toVersion(version: number, node: GraphNode): NodeForm {
  const change = node.op.domain === "" && !node.op.imported ? changes[node.op.name] : undefined;
  if (!change || version >= change.since) return node;
  const form = change.toOlder?.(node);
  if (form) return form;
  throw new AppError("GRAPH_ATTRIBUTE", {
    required: `ops that opset ${version} can express`,
    received: `${node.op.name}, in this form since opset ${change.since}`,
  });
}

/**
 * The version of each operator set that the nodes need, by domain: that of imported nodes, else
 * `asked` or ours for ONNX itself and 1 for other domains. Errors: GRAPH_ATTRIBUTE where imported
 * nodes need different ones, or one outside the supported range is asked for.
 */
export function versionsOf(nodes: readonly GraphNode[], asked: number | undefined): ReadonlyMap<string, number> {
  const { first, last } = supportedOpsets;
  if (asked !== undefined && !(asked >= first && asked <= last))
    throw new AppError("GRAPH_ATTRIBUTE", { required: `an opset from ${first} to ${last}`, received: `${asked}` });
  const versions = new Map<string, number>();
  if (asked !== undefined) versions.set("", asked);
  for (const { op } of nodes) {
    if (!op.imported) continue;
    const known = versions.get(op.domain);
    if (known !== undefined && known !== op.imported.version) {
      throw new AppError("GRAPH_ATTRIBUTE", {
        required: `imported ops of one version of the operator set '${op.domain}'`,
        received: `versions ${known} and ${op.imported.version} (node '${op.imported.node}')`,
      });
    }
    versions.set(op.domain, op.imported.version);
  }
  if (!versions.has("")) versions.set("", opset);
  for (const { op } of nodes) if (!versions.has(op.domain)) versions.set(op.domain, 1);
  return versions;
}
