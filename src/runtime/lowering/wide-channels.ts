/**
 * Gives pictures whose channels fill no whole block zeros in their place, so that they take the
 * blocked kernels too.
 *
 * MobileNets have layers of 24 and 40 channels, where a block is 16. In the plain layout their
 * weight gradients ran at a twentieth of the blocked ones' speed, and every neighbour had to change
 * layout. A third more channels of zeros cost a third more of a small part.
 *
 * Results stay the same: weights towards and from the added channels are zero, and whatever leaves
 * the network is cut back. Ops in between may put any finite number there.
 */
import type { Attributes } from "../../graph/op.ts";
import { expandTo } from "../../graph/ops/movement/movement.ts";
import { pad, slice } from "../../graph/ops/movement/slicing.ts";
import { formatShape, isStatic, type Shape } from "../../graph/tensor-type.ts";
import { apply, type Graph, type GraphNode, graph, nodesOf, type Value } from "../../graph/value.ts";
import { quad } from "../../graph/window.ts";
import { isPicture } from "./geometry.ts";

/** Values of the source graph: as they are, and with more elements at the end of some axes. */
interface Forms {
  /** The value in its own shape. */
  exact(value: Value): Value;
  /** The value with zeros (or what an op left there) added up to this shape. */
  wide(value: Value, shape: Shape): Value;
  isWide(value: Value | undefined): boolean;
  set(value: Value, computed: Value): void;
}

/** Records the node's outputs; or returns false, and the node is applied to exact values. */
type Rule = (node: GraphNode, forms: Forms, widened: (channels: number) => number) => boolean;

/**
 * The same graph with channels in whole blocks, where that at most doubles them.
 *
 * @param block how many channels lie side by side on this CPU
 */
export function widenChannels(source: Graph, block: number): Graph {
  const forms = createForms();
  const widened = (channels: number) => {
    const whole = Math.ceil(channels / block) * block;
    return whole <= 2 * channels ? whole : channels;
  };
  for (const node of nodesOf(Object.values(source.outputs))) {
    if (!node.op.imported && rules[node.op.name]?.(node, forms, widened)) continue;
    const inputs = node.inputs.map((value) => value && forms.exact(value));
    const isSame = inputs.every((value, at) => value === node.inputs[at]);
    const outputs = isSame ? node.outputs : apply(node.op, inputs, node.attributes);
    for (const [at, output] of outputs.entries()) forms.set(node.outputs[at]!, output);
  }
  const outputs = Object.entries(source.outputs).map(([name, value]) => [name, forms.exact(value)] as const);
  return graph(source.name, source.inputs, Object.fromEntries(outputs));
}

function createForms(): Forms {
  const known = new Map<Value, Map<string, Value>>();
  const formsOf = (value: Value): Map<string, Value> => {
    const forms = known.get(value) ?? new Map([[formatShape(value.type.shape), value]]);
    known.set(value, forms);
    return forms;
  };
  const wide = (value: Value, shape: Shape): Value => {
    const forms = formsOf(value);
    const found = forms.get(formatShape(shape));
    if (found) return found;
    const exactly = exact(value);
    const added = exactly.type.shape.map((size, axis) => Number(shape[axis]) - Number(size));
    const made = pad(exactly, [...added.map(() => 0), ...added]);
    forms.set(formatShape(shape), made);
    return made;
  };
  const exact = (value: Value): Value => {
    const forms = formsOf(value);
    const found = forms.get(formatShape(value.type.shape));
    if (found) return found;
    const [from] = forms.values();
    const axes = value.type.shape.flatMap((size, axis) => (size === from!.type.shape[axis] ? [] : [axis]));
    const ends = axes.map((axis) => Number(value.type.shape[axis]));
    const made = slice(from!, { starts: axes.map(() => 0), ends, axes });
    forms.set(formatShape(value.type.shape), made);
    return made;
  };
  return {
    exact,
    wide,
    isWide: (value) =>
      value !== undefined && (known.get(value)?.keys().next().value ?? "") !== formatShape(value.type.shape),
    set: (value, computed) => known.set(value, new Map([[formatShape(computed.type.shape), computed]])),
  };
}

/** What a convolution's three tensors become; `undefined` where they fill whole blocks already. */
function wideConvolution(x: Value, weights: Shape, y: Value, attributes: Attributes, widened: (c: number) => number) {
  if (!isPicture(x) || !isPicture(y) || !isStatic(weights)) return undefined;
  const group = Number(attributes.group ?? 1);
  const [batch, channels, height, width] = quad(x.type.shape);
  const [, filters, outHeight, outWidth] = quad(y.type.shape);
  const isDepthwise = group > 1 && group === channels && group === filters;
  if (group !== 1 && !isDepthwise) return undefined;
  const [wideChannels, wideFilters] = [widened(channels), widened(filters)];
  if (wideChannels === channels && wideFilters === filters) return undefined;
  return {
    x: [batch, wideChannels, height, width],
    w: [wideFilters, isDepthwise ? 1 : wideChannels, ...weights.slice(2)],
    y: [batch, wideFilters, outHeight, outWidth],
    attributes: { ...attributes, group: isDepthwise ? wideChannels : 1 },
  };
}

const conv: Rule = (node, forms, widened) => {
  const [x, w, bias] = node.inputs;
  const shapes = wideConvolution(x!, w!.type.shape, node.outputs[0]!, node.attributes, widened);
  if (!shapes) return false;
  const inputs = [forms.wide(x!, shapes.x), forms.wide(w!, shapes.w)];
  if (bias) inputs.push(forms.wide(bias, [shapes.w[0]!]));
  return record(node, forms, apply(node.op, inputs, shapes.attributes));
};

const inputGradient: Rule = (node, forms, widened) => {
  const [dy, w] = node.inputs;
  const shapes = wideConvolution(node.outputs[0]!, w!.type.shape, dy!, node.attributes, widened);
  if (!shapes) return false;
  const inputs = [forms.wide(dy!, shapes.y), forms.wide(w!, shapes.w)];
  return record(node, forms, apply(node.op, inputs, shapes.attributes));
};

const weightGradient: Rule = (node, forms, widened) => {
  const [x, dy] = node.inputs;
  const shapes = wideConvolution(x!, node.outputs[0]!.type.shape, dy!, node.attributes, widened);
  if (!shapes) return false;
  const inputs = [forms.wide(x!, shapes.x), forms.wide(dy!, shapes.y)];
  return record(node, forms, apply(node.op, inputs, shapes.attributes));
};

/** Ops that treat every channel by itself: pictures, vectors of one number a channel, and scalars. */
const channelwise: Rule = (node, forms, widened) => {
  if (!node.inputs.some((value) => forms.isWide(value))) return false;
  const picture = node.inputs.find((value) => value && isPicture(value));
  const channels = Number(picture?.type.shape[1]);
  if (!picture || widened(channels) === channels) return false;
  const inputs: (Value | undefined)[] = [];
  for (const [at, value] of node.inputs.entries()) {
    const shape = value?.type.shape ?? [];
    if (value?.type.dtype !== "float32" || shape.every((size) => size === 1)) {
      inputs.push(value && forms.exact(value));
    } else if (shape.length === 4 && shape[0] === picture.type.shape[0] && shape[1] === channels) {
      inputs.push(forms.wide(value, shape.with(1, widened(channels))));
    } else if (at > 0 && shape.length === 1 && shape[0] === channels && node.op.name.startsWith("BatchNorm")) {
      inputs.push(forms.wide(value, [widened(channels)]));
    } else {
      return false;
    }
  }
  return record(node, forms, apply(node.op, inputs, node.attributes));
};

/** The gradient of a mean over pixels. */
const expand: Rule = (node, forms, widened) => {
  const [x] = node.inputs;
  const [output] = node.outputs;
  if (!x || !output || !isPicture(output) || !isPicture(x)) return false;
  const [, channels] = quad(output.type.shape);
  if (widened(channels) === channels || x.type.shape[1] !== channels) return false;
  const from = forms.wide(x, x.type.shape.with(1, widened(channels)));
  return record(node, forms, [expandTo(from, output.type.shape.with(1, widened(channels)))]);
};

function record(node: GraphNode, forms: Forms, outputs: readonly Value[]): true {
  for (const [at, output] of outputs.entries()) forms.set(node.outputs[at]!, output);
  return true;
}

/** Finite for zeros, so that nothing that is no number can come of the added channels. */
const finite =
  "Add Sub Mul Max Min Neg Abs Relu ReluGradient Clip ClipGradient HardSigmoid HardSwish Sigmoid Tanh Gelu Erf ReduceSum " +
  "BatchNormTraining BatchNormTrainingGradient BatchNormalization MaxPool MaxPoolGradient AveragePool AveragePoolGradient GlobalAveragePool";

const rules: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(finite.split(" ").map((name) => [name, channelwise])),
  Conv: conv,
  ConvInputGradient: inputGradient,
  ConvWeightGradient: weightGradient,
  Expand: expand,
};
