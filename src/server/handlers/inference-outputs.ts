/**
 * The outputs of the Open Inference Protocol, as they were wanted. With Triton's classification
 * extension an output is the names of its largest values.
 */
import { inTurns } from "../../image/in-turns.ts";
import { indexesOfLargest } from "../../metrics/classification-metrics.ts";
import type { WantedOutput } from "../input/wanted-outputs.ts";

/** An output as JSON, or its JSON and the bytes behind it. */
export interface OutputTensor {
  readonly tensor: {
    readonly name: string;
    readonly shape: readonly number[];
    readonly datatype: string;
    readonly data?: readonly (number | string)[];
    readonly parameters?: { readonly binary_data_size: number };
  };
  readonly bytes?: Uint8Array;
}

/** Names that are written before others get their turn. */
const valuesAtOnce = 5000;

/** `values` is float32 `[n, labels]`. */
export async function outputTensor(
  { name, isBinary, classes }: WantedOutput,
  values: Float32Array,
  labels: readonly string[],
): Promise<OutputTensor> {
  const rows = values.length / labels.length;
  const perRow = classes === 0 ? labels.length : Math.min(classes, labels.length);
  const facts = { name, shape: [rows, perRow], datatype: classes === 0 ? "FP32" : "BYTES" };
  if (classes === 0) {
    if (!isBinary) return { tensor: { ...facts, data: Array.from(values) } };
    return withBytes(facts, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  const texts: string[] = [];
  const elements: Uint8Array[] = [];
  await inTurns(rows, valuesAtOnce / perRow, (start, end) => {
    for (let at = start; at < end; at++) {
      const row = values.subarray(at * labels.length, (at + 1) * labels.length);
      // Six decimals, as Triton writes them.
      const largest = indexesOfLargest(row, perRow).map(
        (index) => `${row[index]!.toFixed(6)}:${index}:${labels[index]}`,
      );
      if (isBinary) elements.push(lengthPrefixed(largest));
      else texts.push(...largest);
    }
  });
  return isBinary ? withBytes(facts, Buffer.concat(elements)) : { tensor: { ...facts, data: texts } };
}

function withBytes(facts: Omit<OutputTensor["tensor"], "data" | "parameters">, bytes: Uint8Array): OutputTensor {
  return { tensor: { ...facts, parameters: { binary_data_size: bytes.length } }, bytes };
}

/** Every text behind its length, 32 bits little-endian. */
function lengthPrefixed(texts: readonly string[]): Uint8Array {
  const parts = texts.map((text) => {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return Buffer.concat([length, bytes]);
  });
  return Buffer.concat(parts);
}
