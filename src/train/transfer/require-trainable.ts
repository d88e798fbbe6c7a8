/** Refuses a backbone that cannot be fine-tuned, with every operation that is in the way, before anything is decoded. */
import { AppError } from "../../base/errors.ts";
import { nonDifferentiableNodes } from "../../graph/non-differentiable.ts";
import { input, type Value } from "../../graph/value.ts";
import type { Backbone } from "../../nn/backbones/backbone.ts";
import { tunedFeatures } from "../../nn/backbones/transfer-network.ts";
import { createScope } from "../../nn/scope.ts";

/** Operations that an error names. */
const namedCount = 8;

/** Errors: BACKBONE_UNSUITED, with the nodes. */
export function requireTrainable(backbone: Backbone, tunedBlocks: number): void {
  if (tunedBlocks === 0) return;
  const weights: Value[] = [];
  const scope = createScope("inference", {
    parameter: ({ name, shape }) => {
      const value = input(name, "float32", shape);
      weights.push(value);
      return value;
    },
    statistic: ({ name, shape }) => input(name, "float32", shape),
  });
  const features = tunedFeatures(backbone, tunedBlocks, scope);
  const inTheWay = nonDifferentiableNodes(weights, [features]);
  if (inTheWay.length === 0) return;
  const shown = inTheWay.slice(0, namedCount).map(({ op, node }) => (node === "" ? op : `${op} '${node}'`));
  const more = inTheWay.length > namedCount ? ` and ${inTheWay.length - namedCount} more` : "";
  throw new AppError("BACKBONE_UNSUITED", {
    required: "operations with a gradient in the blocks that are fine-tuned",
    received: `${shown.join(", ")}${more}`,
    where: backbone.name,
    hint: "fine-tune fewer blocks, or none: a frozen backbone may have any operation",
  });
}
