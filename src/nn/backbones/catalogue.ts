/**
 * Public backbones: where their files are, what they must be, how they take pictures. Every figure says
 * where it comes from; a fact that nobody published is left out.
 */
import { AppError } from "../../base/errors.ts";
import { hintForName } from "../../base/nearest.ts";
import { type BackboneCard, type BackboneInput, normalizationPresets } from "./input-recipe.ts";

/** One public backbone: a file, and what is known of it. */
export interface CatalogueEntry {
  readonly title: string;
  readonly fileName: string;
  /** Addresses of the same bytes, tried in order; none where the file has no public one. A wrong one costs a request. */
  readonly urls: readonly string[];
  /** The publisher's page. */
  readonly page: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** As SPDX names it. */
  readonly licence: string;
  readonly input: BackboneInput;
  /** The value whose numbers are the features, by its name in the file; `backbone inspect` finds others. */
  readonly layer?: string;
  /** Up to the features. */
  readonly parameters?: number;
  /** Up to the features, for one picture. */
  readonly multiplyAdds?: number;
  /** ImageNet's validation pictures, in percent. */
  readonly top1?: number;
  /** Whether the file was opened and used. Of the others only what is published is known, and no address was tried. */
  readonly isTested: boolean;
  /** Where the facts are published, by the fact. */
  readonly sources: Readonly<Partial<Record<CatalogueFact, string>>>;
}

/** What an entry states on the word of a source. */
export type CatalogueFact = "sha256" | "urls" | "licence" | "input" | "layer" | "parameters" | "multiplyAdds" | "top1";

const square = { height: 224, width: 224, channels: 3, order: "rgb", fit: "cover" } as const;
const imagenet: BackboneInput = { ...square, layout: "nchw", ...normalizationPresets.imagenet };
const minusOneToOne: BackboneInput = { ...square, layout: "nchw", ...normalizationPresets["minus-one-to-one"] };

/** TensorFlow's MobileNets as ONNX files, which were made for this project and have no public address. */
const mobilenet = (
  readme: string,
  facts: Pick<CatalogueEntry, "title" | "fileName" | "sizeBytes" | "sha256" | "parameters" | "multiplyAdds" | "top1">,
): CatalogueEntry => ({
  urls: [],
  page: `https://github.com/tensorflow/models/blob/master/research/slim/nets/${readme}`,
  licence: "Apache-2.0",
  input: minusOneToOne,
  layer: "features",
  isTested: true,
  ...facts,
  sources: {
    sha256: "computed from the file",
    licence: "stated beside the file",
    input: "stated beside the file: x / 127.5 - 1",
    layer: "read in the file",
    parameters: "counted in the file",
    multiplyAdds: "counted in the file",
    top1: `github.com/tensorflow/models, research/slim/nets/${readme}: of the checkpoint of this name`,
  },
});

const manifest = "github.com/onnx/models, ONNX_HUB_MANIFEST.json (commit 7c5650d)";
const olderManifest = "github.com/onnx/models, ONNX_HUB_MANIFEST.json (commit 0618993)";

/** A file of the ONNX model zoo, which moved to Hugging Face; its old addresses come second. */
const zoo = (
  folder: string,
  name: string,
  {
    sources,
    ...facts
  }: Omit<CatalogueEntry, "fileName" | "urls" | "page" | "isTested" | "input"> & Partial<Pick<CatalogueEntry, "input">>,
): CatalogueEntry => {
  const path = `validated/vision/classification/${folder}`;
  const readme = `github.com/onnx/models, vision/classification/${folder}/README.md`;
  return {
    fileName: `${name}.onnx`,
    urls: [
      `https://huggingface.co/onnxmodelzoo/${name}/resolve/main/${name}.onnx`,
      `https://media.githubusercontent.com/media/onnx/models/main/${path}/model/${name}.onnx`,
    ],
    page: `https://github.com/onnx/models/tree/main/${path}`,
    input: imagenet,
    isTested: false,
    ...facts,
    sources: {
      sha256: manifest,
      licence: readme,
      input: readme,
      ...(facts.layer && { layer: manifest }),
      ...(facts.top1 && { top1: readme }),
      ...sources,
    },
  };
};

/** By the name that `pawprint backbone fetch` takes, the smallest file of each family first. */
export const backboneCatalogue: Readonly<Record<string, CatalogueEntry>> = {
  "mobilenet-v1-0.25-224": mobilenet("mobilenet_v1.md", {
    title: "MobileNetV1, a quarter of the channels",
    fileName: "mobilenet-v1-0.25-224.onnx",
    sizeBytes: 1_875_987,
    sha256: "6ce9455b6c6a5ebabd7b0996316a2f5d59fee5f9e799f7f62274de0729c6d77a",
    parameters: 210_336,
    multiplyAdds: 40_774_272,
    top1: 49.8,
  }),
  "mobilenet-v2-1.0-224": mobilenet("mobilenet/README.md", {
    title: "MobileNetV2",
    fileName: "mobilenet-v2-1.0-224.onnx",
    sizeBytes: 13_969_772,
    sha256: "72fc3426f989b4d02ed6737eece16d397311690c5bdceeb880a560a587fc090f",
    parameters: 2_206_816,
    multiplyAdds: 299_494_272,
    top1: 71.8,
  }),
  "mobilenetv2-12": zoo("mobilenet", "mobilenetv2-12", {
    title: "MobileNetV2, opset 12",
    sizeBytes: 13_964_571,
    sha256: "c0c3f76d93fa3fd6580652a45618618a220fced18babf65774ed169de0432ad5",
    licence: "Apache-2.0",
    top1: 69.48,
    sources: {},
  }),
  "squeezenet1.1-7": zoo("squeezenet", "squeezenet1.1-7", {
    title: "SqueezeNet 1.1, from MXNet",
    sizeBytes: 4_956_208,
    sha256: "1eeff551a67ae8d565ca33b572fc4b66e3ef357b0eb2863bb9ff47a918cc4088",
    licence: "Apache-2.0",
    top1: 56.34,
    sources: { sha256: "github.com/onnx/models, Git LFS pointer of the file (commit 9ef45be)" },
  }),
  "squeezenet1.0-12": zoo("squeezenet", "squeezenet1.0-12", {
    title: "SqueezeNet 1.0, from Caffe2; takes one picture at a time",
    sizeBytes: 4_952_956,
    sha256: "dec81a8684617770b3cf13fadc1d92565d1d453d23935fc6388b792d99c992bd",
    licence: "Apache-2.0",
    top1: 56.85,
    sources: {},
  }),
  "shufflenet-v2-12": zoo("shufflenet", "shufflenet-v2-12", {
    title: "ShuffleNetV2, from PyTorch; takes one picture at a time",
    sizeBytes: 9_218_556,
    sha256: "ea69821b4dd374ae2f33f9710dd1229ac263d0ee5b5a46ca3521f6483e1ba035",
    licence: "BSD-3-Clause",
    layer: "611",
    // Published as an error of 33.65 %.
    top1: 66.35,
    sources: {},
  }),
  "resnet18-v1-7": zoo("resnet", "resnet18-v1-7", {
    title: "ResNet-18, from MXNet",
    sizeBytes: 46_820_737,
    sha256: "4e8f8653e7a2222b3904cc3fe8e304cd8b339ce1d05fd24688162f86fb6df52c",
    licence: "Apache-2.0",
    layer: "resnetv15_pool1_fwd",
    top1: 69.93,
    sources: {},
  }),
  "resnet34-v1-7": zoo("resnet", "resnet34-v1-7", {
    title: "ResNet-34, from MXNet",
    sizeBytes: 87_302_588,
    sha256: "883a41b2e30ddc2e422c108b091b5e70b92d37dc5c345a2c563dcae27971e2cc",
    licence: "Apache-2.0",
    layer: "resnetv16_pool1_fwd",
    top1: 73.73,
    sources: { sha256: olderManifest, layer: olderManifest },
  }),
  "resnet50-v1-12": zoo("resnet", "resnet50-v1-12", {
    title: "ResNet-50, from MXNet",
    sizeBytes: 102_576_593,
    sha256: "3f03fdef724b22947eed826f1eef1dc5c34151bb4c37d634f1db89dfa2dd1526",
    licence: "Apache-2.0",
    top1: 74.97,
    sources: {},
  }),
  "resnet50-v2-7": zoo("resnet", "resnet50-v2-7", {
    title: "ResNet-50 v2, from MXNet",
    sizeBytes: 102_442_452,
    sha256: "79102261eb6e5fd7af5d27f41316293e388c5cb691e5d25bfb035c4f64fefe31",
    licence: "Apache-2.0",
    layer: "resnetv24_pool1_fwd",
    top1: 75.81,
    sources: {},
  }),
  // Its README's 80.4 % is of the network at another size of picture, so it is left out.
  "efficientnet-lite4-11": zoo("efficientnet-lite4", "efficientnet-lite4-11", {
    title: "EfficientNet-Lite4, from TensorFlow; takes one picture at a time",
    sizeBytes: 51_946_641,
    sha256: "d111689907c06eea7c82e4833ddef758da6453b9d4cf60b7e99ca05c7cbd9c12",
    licence: "MIT",
    layer: "efficientnet-lite4/model/head/AvgPool:0",
    // (x - 127) / 128 of bytes.
    input: {
      ...square,
      layout: "nhwc",
      mean: [127 / 255, 127 / 255, 127 / 255],
      std: [128 / 255, 128 / 255, 128 / 255],
    },
    sources: {},
  }),
};

/** Errors: CLI_USAGE for a name that no entry has, with the nearest. */
export function catalogueEntry(
  name: string,
  catalogue: Readonly<Record<string, CatalogueEntry>> = backboneCatalogue,
): CatalogueEntry {
  const entry = Object.hasOwn(catalogue, name) ? catalogue[name] : undefined;
  if (entry !== undefined) return entry;
  throw new AppError("CLI_USAGE", {
    required: "the name of a backbone in the catalogue, or an address with its SHA-256",
    received: `'${name}'`,
    hint: hintForName(name.replace(/\.onnx$/i, ""), Object.keys(catalogue)) ?? "see them all: pawprint backbone list",
  });
}

/** The entry of these bytes, and its name: a file is known by its hash, whatever it is called. */
export function knownBackbone(
  sha256: string,
  catalogue: Readonly<Record<string, CatalogueEntry>> = backboneCatalogue,
): (CatalogueEntry & { readonly name: string }) | undefined {
  const [found] = Object.entries(catalogue).filter(([, entry]) => entry.sha256 === sha256);
  return found && { ...found[1], name: found[0] };
}

/** What a side-car file says of an entry. */
export function catalogueCard(name: string, { input, layer, licence, page, sha256 }: CatalogueEntry): BackboneCard {
  return { name, input, ...(layer !== undefined && { layer }), licence, source: page, sha256 };
}
