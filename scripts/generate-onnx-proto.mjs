/**
 * Generates src/graph/onnx/generated/onnx_pb.ts from the onnx.proto beside it (taken unchanged from
 * the Python package `onnx`), with the compiler and plugin that npm installs. Works offline.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const folder = path("src/graph/onnx/generated");
const template = {
  version: "v2",
  plugins: [
    {
      local: [process.execPath, path("node_modules/@bufbuild/protoc-gen-es/bin/protoc-gen-es")],
      out: folder,
      opt: ["target=ts", "import_extension=ts"],
    },
  ],
};
execFileSync(path("node_modules/.bin/buf"), ["generate", folder, "--template", JSON.stringify(template)], {
  stdio: "inherit",
});

// The comments are those of onnx.proto, on three lines of four: the first block says where the file comes from.
const file = `${folder}/onnx_pb.ts`;
const [head, ...rest] = readFileSync(file, "utf8").split(/(?=^import )/m);
writeFileSync(
  file,
  head +
    rest
      .join("")
      .replace(/^ *\/\*\*.*?\*\/\n/gms, "")
      .replace(/\n{3,}/g, "\n\n"),
);
