/** The layers: a folder imports from lower layers or from itself, never upwards, never in a circle. */
const layers = [
  ["base"],
  ["graph", "image", "metrics", "storage", "project"],
  ["runtime", "versioning", "tracking"],
  ["dataset"],
  ["nn", "bundle", "pipeline"],
  ["train", "predict", "report", "prediction-log"],
  ["registry", "monitor", "server"],
  ["wire"],
  ["cli", "entries"],
];

const upwards = layers.flatMap((folders, layer) =>
  folders.map((folder) => {
    const forbidden = layers
      .flatMap((others, at) => others.filter((other) => at > layer || (at === layer && other !== folder)))
      .join("|");
    return {
      name: `layer-${folder}`,
      comment: `src/${folder} is in layer ${layer}: it imports only lower layers and itself`,
      severity: "error",
      from: { path: `^src/${folder}/` },
      to: { path: forbidden ? `^src/(${forbidden})/` : "^$" },
    };
  }),
);

module.exports = {
  forbidden: [
    ...upwards,
    {
      name: "no-barrels",
      comment: "modules are imported by their own file; only the package's entry points in entries/ re-export",
      severity: "error",
      from: {},
      to: { path: "^src/(entries/|.*/index\\.ts$)" },
    },
    { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
    {
      name: "no-orphan-test-import",
      comment: "product code never imports tests, benchmarks or scripts",
      severity: "error",
      from: { path: "^src/", pathNot: "\\.test\\.ts$" },
      to: { path: "(\\.test\\.ts$|^tests/|^bench/|^scripts/)" },
    },
    {
      name: "one-place-chooses-engines",
      comment: "only wire/ chooses an executor",
      severity: "error",
      from: { path: "^src/", pathNot: "(^src/(runtime|wire)/|\\.test\\.ts$|^src/entries/graph\\.ts$)" },
      to: { path: "^src/runtime/(onnx-runtime|cpu-executor|worker-executor|reference)\\.ts$" },
    },
    {
      name: "engine-behind-its-port",
      comment: "only runtime/ knows onnxruntime-node",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/runtime/" },
      to: { path: "node_modules/onnxruntime" },
    },
    {
      name: "protobuf-behind-the-graph",
      comment: "only graph/ knows ONNX's protobuf",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/graph/" },
      to: { path: "node_modules/@bufbuild/" },
    },
    {
      name: "no-dev-dependency",
      comment: "optional peers are installed for development, too; base/optional-package.ts says where one is missing",
      severity: "error",
      from: { path: "^src/", pathNot: "\\.test\\.ts$" },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"], dependencyTypesNot: ["npm-peer"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "require", "node", "default"] },
  },
};
