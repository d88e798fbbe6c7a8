/** GridSample: reads pictures at computed places between their pixels. */
import { defineOp, type ReferenceTensor, reference, rejectShape } from "../../op.ts";
import { filled } from "../../reference-tensor.ts";
import { checkInputs, rejectAttribute } from "../../shape-rules.ts";
import { apply1, type Value } from "../../value.ts";
import { pair, quad } from "../../window.ts";

const settings = { mode: "linear", padding_mode: "border", align_corners: 1 } as const;

const gridSampleOp = defineOp({
  name: "GridSample",
  doc: "y[n,c,i,j] = x[n,c] read at grid[n,i,j] = (column, row), -1 and 1 being the middles of the outermost pixels; linear between pixels, the border repeated",
  attributeTypes: { mode: "string", padding_mode: "string", align_corners: "int" },
  infer: (inputs, attributes) => {
    for (const [name, value] of Object.entries(settings)) {
      // ONNX's own defaults are others, so that a missing attribute is refused too.
      if (attributes[name] !== value) rejectAttribute("GridSample", `${name} = ${value}`, attributes[name]);
    }
    const [x, grid] = checkInputs("GridSample", inputs, [
      { name: "x", rank: 4 },
      { name: "grid", rank: 4 },
    ]);
    const [batch, channels] = x.shape;
    const [gridBatch, height, width, axes] = grid.shape;
    if (batch !== gridBatch || axes !== 2) rejectShape("GridSample", "x [N,C,H,W] and a grid [N,H',W',2]", inputs);
    return [{ dtype: "float32", shape: [batch!, channels!, height!, width!] }];
  },
  gradient: { none: "GridSample augments input pictures, before every trained parameter" },
  reference: reference((_, x, grid) => {
    const [batch, channels] = quad(x.shape);
    const [, height, width] = quad(grid.shape);
    const y = filled([batch, channels, height, width]);
    for (let at = 0; at < y.data.length; at++) {
      const plane = Math.floor(at / (height * width));
      const place = Math.floor(plane / channels) * height * width + (at % (height * width));
      y.data[at] = readBetween(x, plane, grid.data[2 * place]!, grid.data[2 * place + 1]!);
    }
    return y;
  }),
  samples: [
    { inputs: [{ shape: [2, 3, 4, 5] }, { shape: [2, 3, 2, 2], range: [-1.3, 1.3] }], attributes: settings },
    {
      inputs: [{ shape: [1, 1, 2, 3] }, { shape: [1, 1, 4, 2], values: [-1, -1, 1, 1, 0, 0, 0.5, -3] }],
      attributes: settings,
    },
  ],
});

/** The value of one plane at a column and row from -1 to 1. */
function readBetween(x: ReferenceTensor, plane: number, column: number, row: number): number {
  const [height, width] = pair(x.shape.slice(2));
  const along = (place: number, side: number) => {
    const wanted = Math.max(0, Math.min(side - 1, ((place + 1) / 2) * (side - 1)));
    const low = Math.floor(wanted);
    return { low, high: Math.min(low + 1, side - 1), part: wanted - low };
  };
  const [across, down] = [along(column, width), along(row, height)];
  const pixel = (i: number, j: number) => x.data[(plane * height + i) * width + j]!;
  const inRow = (i: number) => pixel(i, across.low) * (1 - across.part) + pixel(i, across.high) * across.part;
  return inRow(down.low) * (1 - down.part) + inRow(down.high) * down.part;
}

/**
 * x [N,C,H,W] read at the places of grid [N,H',W',2], each a column and a row from -1 (the middle
 * of the first pixel) to 1 (the middle of the last): [N,C,H',W']. Linear between pixels; outside,
 * the border pixel. Errors: GRAPH_SHAPE, GRAPH_DTYPE.
 */
export function gridSample(x: Value, grid: Value): Value {
  return apply1(gridSampleOp, [x, grid], settings);
}
