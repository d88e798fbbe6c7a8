/** The lineage of a bundle in words, for commands, reports and cards. */
import type { Lineage } from "./bundle.ts";

/** `data/raw.dvc, 6fdb5336....dir, at 1f2e3d4`; undefined where the pictures were no data version. */
export function dataVersionText({ data }: Pick<Lineage, "data">): string | undefined {
  if (data === undefined) return undefined;
  const { md5, path, file, commit, isClean } = data;
  const name = file === `${path}.dvc` ? file : `${path} of ${file}`;
  const state = commit === undefined ? (isClean ? "" : ", perhaps changed since") : `, at ${commit.slice(0, 12)}`;
  return `${name}, ${md5}${state}`;
}

/** `mobilenet-v2.onnx, layer features, SHA-256 72fc3426f989, Apache-2.0`; undefined for a network trained from nothing. */
export function backboneText({ backbone }: Pick<Lineage, "backbone">): string | undefined {
  if (backbone === undefined) return undefined;
  const { name, layer, sha256, licence } = backbone;
  return `${name}, layer ${layer}, SHA-256 ${sha256.slice(0, 12)}, ${licence ?? "licence not declared"}`;
}

/** `dvc.yaml:train, dvc.lock 1f2e3d4c5b6a`. */
export function pipelineText({ pipeline }: Pick<Lineage, "pipeline">): string | undefined {
  if (pipeline === undefined) return undefined;
  return pipeline.lock === undefined ? pipeline.stage : `${pipeline.stage}, dvc.lock ${pipeline.lock.slice(0, 12)}`;
}

/** `6 of 7 layers in 8 bits, mse ranges of 128 pictures, from 1f2e3d4c5b6a`; undefined of a float bundle. */
export function quantizationText({ quantization }: Pick<Lineage, "quantization">): string | undefined {
  if (quantization === undefined) return undefined;
  const { from, method, pictures, layers, quantizedLayers } = quantization;
  return `${quantizedLayers} of ${layers} layers in 8 bits, ${method} ranges of ${pictures} pictures, from ${from.slice(0, 12)}`;
}
