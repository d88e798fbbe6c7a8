/**
 * `pawprint quickstart` (= `npm start`): from pictures to a service, each step explained in a line.
 */

import { visibleText } from "../../../base/visible-text.ts";
import { writeSampleSet } from "../../../image/sample-pictures.ts";
import { serveConfigSchema } from "../../../server/serve-config.ts";
import type { Choice } from "../../../train/plan/choice.ts";
import { type TrainSettings, trainConfigSchema } from "../../../train/plan/train-config.ts";
import type { TrainEvent } from "../../../train/train.ts";
import { readGitCommit } from "../../../wire/git-state.ts";
import { createServer, openPredictor, train } from "../../../wire/library.ts";
import { pipelineStage } from "../../../wire/pipeline-stage.ts";
import type { TrainReport } from "../../../wire/recording.ts";
import { type CommandContext, defineCommand } from "../../frame/command.ts";
import { pathFrom } from "../../paths.ts";
import { loadPawprintConfig, optionsOf } from "../../pawprint-config.ts";
import { examplesOf } from "../../test-examples.ts";
import { choicesText } from "../../text/choices-text.ts";
import { evaluationText } from "../../text/evaluation-text.ts";
import { predictionText } from "../../text/prediction-text.ts";
import { budgetText, bundleText, epochText, recordedText, summaryText, trainResult } from "../../text/training-text.ts";
import { openTracking, trackingOptions } from "../../tracking-options.ts";
import { runServer } from "../service/serve.ts";

const samples = { folder: "data/samples", perClass: 600, sizePx: 96, seed: 1 } as const;

/** Small enough for half a minute on two cores, large enough to tell the drawings apart. */
const sampleSettings: TrainSettings = { size: 48, widths: [16, 32, 64], epochs: 12 };

const logPath = ".pawprint/serve.log";
const predictionsPath = ".pawprint/predictions.db";
const bundlePath = "models/quickstart.onnx";
const shownPictures = 4;

export const command = defineCommand({
  description: `Without --data it draws its own pictures of cats and dogs: drawings, not photographs, so that everything can be
tried offline. The bundle is ${bundlePath}; each quickstart overwrites it.`,
  arguments: [],
  options: [
    ...optionsOf(trainConfigSchema, ["data", "epochs", "size", "seed", "threads"]),
    { name: "strict", type: "boolean", doc: "fail at the first picture that cannot be used" },
    ...optionsOf(serveConfigSchema, ["port", "host"]),
    ...trackingOptions,
    { name: "serve", type: "boolean", default: true, doc: "end after the predictions" },
  ],
  examples: [
    { line: "pawprint quickstart", doc: "on drawn sample pictures" },
    { line: "pawprint quickstart --data pictures", doc: "on a folder with a folder of pictures for each class" },
    { line: "pawprint quickstart --no-serve", doc: "end after the predictions" },
  ],
  leavesFiles: true,
  again: "the drawn pictures are kept, the training starts from its beginning",
  async run(context, _args, options) {
    const { cwd, style, signal, progress, logger } = context;
    const { train: config } = await loadPawprintConfig(context, "train", options);
    const { data, out: _out, threads, ...given } = config;
    const step = createSteps(context);
    if (data === undefined) {
      step("Draw sample pictures of cats and dogs: drawings, not photographs, so that this works offline");
      const folder = pathFrom(cwd, samples.folder);
      const { pictures, reused } = await writeSampleSet(folder, { ...samples, progress, signal });
      step.tell(`${pictures} pictures in ${samples.folder}${reused ? ", drawn before" : ""}`);
    }
    const gitCommit = await readGitCommit(cwd);
    const pipeline = await pipelineStage(context.env, cwd);
    const recording = await openTracking(context, options, {
      source: "pawprint quickstart",
      experiment: "quickstart",
    });
    const report = await train({
      data: pathFrom(cwd, data ?? samples.folder),
      out: pathFrom(cwd, bundlePath),
      settings: data === undefined ? { ...sampleSettings, ...given } : given,
      force: true,
      strict: options.strict,
      run: { createdAt: new Date(context.now()).toISOString() },
      ...(gitCommit !== undefined && { gitCommit }),
      ...(pipeline !== undefined && { pipeline }),
      ...(threads !== undefined && { threads }),
      signal,
      progress,
      logger,
      tracking: recording.tracking,
      onEvent: (event) => explain(event, context, step, data === undefined ? reasonsFor(given) : (choices) => choices),
    }).finally(recording.close);
    step.tell(bundleText(report, bundlePath, style));
    if (report.recorded !== undefined) step.tell(recordedText(report.recorded, context, options.trackingUri));
    step("Load the bundle and predict pictures of the test split");
    const predictions = await predictExamples(report, pathFrom(cwd, bundlePath));
    for (const { id, truth, prediction } of predictions) {
      const note = prediction.label === truth ? style.green("right") : style.red(`wrong: it is ${visibleText(truth)}`);
      step.tell(predictionText(id, prediction, style, { note }));
    }
    // With --json the result is one object, and no service is started.
    const isServing = options.serve && !context.json;
    const next = nextSteps(context, data, isServing);
    const result = { ...trainResult(report), sampleData: data === undefined, predictions };
    if (!isServing) return { result, text: `\n${next}`, quietText: bundlePath };
    step("Serve it, until Ctrl-C");
    const { serve } = await loadPawprintConfig(context, "serve", options);
    const server = await createServer({
      logFile: pathFrom(cwd, logPath),
      // So that the playground asks whether its answers are right.
      predictionLog: pathFrom(cwd, predictionsPath),
      ...serve,
      model: pathFrom(cwd, bundlePath),
      samples: pathFrom(cwd, data ?? samples.folder),
    });
    await runServer(server, context, (url) =>
      context.quiet ? context.stdout(`${url}\n`) : step.tell(`${serviceText(url, style)}\n\n${next}`),
    );
    return undefined;
  },
});

/** Prints numbered steps and their texts, unless the output is JSON. */
function createSteps({ json, quiet, stdout, style }: CommandContext) {
  let number = 0;
  const tell = (text: string): void => {
    if (!json && !quiet) stdout(`${text}\n`);
  };
  const step = (doc: string): void => tell(`\n${style.bold(style.cyan(`${++number}.`))} ${style.bold(doc)}`);
  return Object.assign(step, { tell });
}

type Reasons = (choices: readonly Choice[]) => readonly Choice[];

/** Gives the sample settings a reason of their own. */
function reasonsFor(given: TrainSettings): Reasons {
  const ours = Object.keys(sampleSettings).filter((name) => !Object.hasOwn(given, name));
  return (choices) =>
    choices.map((choice) => (ours.includes(choice.key) ? { ...choice, reason: "for the sample pictures" } : choice));
}

function explain(
  event: TrainEvent,
  { style, logger }: CommandContext,
  step: ReturnType<typeof createSteps>,
  reasons: Reasons,
): void {
  switch (event.type) {
    case "opened": {
      const { width, height } = event.plan.recipe;
      step(`Decode every picture to ${width} x ${height} pixels and split them by a hash of their bytes`);
      step.tell(choicesText(reasons(event.plan.choices), style));
      break;
    }
    case "packed":
      step.tell(summaryText(event.summary));
      step(`Train for ${budgetText(event.plan.budget)}, validating after each epoch`);
      step.tell(choicesText(reasons(event.plan.choices), style));
      break;
    case "epoch":
      logger.info(epochText(event));
      break;
    case "trained":
      step("Evaluate the best weights on the test split, which was not used in training");
      break;
    case "evaluated":
      step.tell(evaluationText("the test split", event.evaluation, style));
      step(
        "Write model, recipe, labels and lineage into one file, and check that its predictions are those of the training",
      );
  }
}

async function predictExamples({ pack }: TrainReport, path: string) {
  const predictor = await openPredictor({ path });
  try {
    const examples = await examplesOf(pack, shownPictures);
    const predictions = await predictor.predictPixels(examples.pixels);
    return examples.ids.map((id, at) => ({ id, truth: examples.labels[at]!, prediction: predictions[at]! }));
  } finally {
    await pack.pixels.close();
    await predictor.close();
  }
}

function nextSteps({ style }: CommandContext, data: string | undefined, isServing: boolean): string {
  const lines = [
    style.bold("What next"),
    ...(data === undefined
      ? [
          "  this model knows drawings only; for your own pictures make a folder for each class, then run:",
          `    ${style.cyan("npm start -- --data FOLDER")}   (a .zip of such folders, or a folder of idx files, will do too)`,
        ]
      : []),
    ...(isServing ? [] : ["  serve it:", `    ${style.cyan(`npx pawprint serve ${bundlePath}`)}`]),
    "  predict other pictures:",
    `    ${style.cyan(`npx pawprint predict ${bundlePath} PICTURE_OR_FOLDER`)}`,
    "  keep it as the first version of a registered model, then serve whichever version is the champion:",
    `    ${style.cyan(`npx pawprint models register quickstart ${bundlePath} --alias champion`)}`,
    "  choose settings and keep the bundle under its own name:",
    `    ${style.cyan("npx pawprint train --help")}`,
  ];
  return lines.join("\n");
}

function serviceText(url: string, style: CommandContext["style"]): string {
  return [
    `  playground   ${style.cyan(url)}`,
    `  routes       ${style.cyan(`${url}/docs`)}`,
    `  log          ${logPath}; predictions, and what you say of them: ${predictionsPath}`,
    `  try it       ${style.cyan(`curl -F file=@PICTURE ${url}/predict`)}`,
  ].join("\n");
}
