/** The options of the functions that make pages. */
import { Type } from "typebox";
import { instanceOf, optionsSchema, SignalOption, Text } from "../../base/schema/options.ts";
import type { DatasetReportOptions } from "../../report/dataset/dataset-report.ts";
import type { EvaluationReportOptions } from "../../report/evaluation/evaluation-report.ts";
import type { Executor } from "../../runtime/executor.ts";
import type { WithEngine } from "../engines.ts";
import type { TrainingReportOptions } from "../reports.ts";
import { engineOptions } from "./shared.ts";

const Time = instanceOf("a Date", (value) => value instanceof Date);

export const evaluationReportOptions = optionsSchema<EvaluationReportOptions>({ version: Text, now: Time });

export const trainingReportOptions = optionsSchema<WithEngine<TrainingReportOptions & { readonly executor: Executor }>>(
  {
    names: Type.Optional(Type.Object({ bundle: Text, data: Text, readingFlags: Type.Optional(Text) })),
    now: Type.Optional(Time),
    signal: SignalOption,
    ...engineOptions,
  },
);

export const datasetReportOptions = optionsSchema<DatasetReportOptions>({
  thumbnails: instanceOf("a Map of bytes by picture id", (value) => value instanceof Map),
  version: Text,
  now: Time,
});
