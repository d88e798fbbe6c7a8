/** The options of the functions of `pawprint/dataset`. */
import { Type } from "typebox";
import { literals } from "../../base/schema/literals.ts";
import {
  Callback,
  Count,
  Flag,
  LoggerOption,
  optionsSchema,
  ProgressOption,
  portSchema,
  SignalOption,
  Text,
} from "../../base/schema/options.ts";
import type { ImportOptions } from "../../dataset/import-source.ts";
import { type FindingKind, findingTable } from "../../dataset/inspection/findings/findings.ts";
import { defaultThresholds } from "../../dataset/inspection/findings/thresholds.ts";
import type { InspectOptions } from "../../dataset/inspection/inspect-source.ts";
import type { QuarantineOptions } from "../../dataset/inspection/quarantine/quarantine.ts";
import type { RestoreOptions } from "../../dataset/inspection/quarantine/restore-quarantine.ts";
import type { ScanOptions } from "../../dataset/inspection/scan/scan-source.ts";
import type { ThumbnailOptions } from "../../dataset/inspection/scan/thumbnails.ts";
import type { PackOptions } from "../../dataset/pack/build-pack.ts";
import type { SplitOptions } from "../../dataset/pack/pack.ts";
import type { FetchOptions } from "../../dataset/public-sets.ts";

const work = { progress: ProgressOption, signal: SignalOption };
const Amount = Type.Optional(Type.Number({ minimum: 0 }));
const Share = Type.Number({ minimum: 0, maximum: 1 });
const files = Type.Optional(
  portSchema("a file system: an object with methods of node:fs/promises", "open", "link", "rename", "rm", "lstat"),
);

export const importOptions = optionsSchema<ImportOptions>({ ...work, to: Text, force: Flag, concurrency: Count });
export const scanOptions = optionsSchema<ScanOptions>({ ...work, concurrency: Count });

const thresholds = Type.Object(Object.fromEntries(Object.keys(defaultThresholds).map((name) => [name, Amount])));

export const inspectOptions = optionsSchema<InspectOptions>({
  ...work,
  concurrency: Count,
  thresholds: Type.Optional(thresholds),
  nowMs: Callback,
});

const kinds = Object.keys(findingTable) as [FindingKind, ...FindingKind[]]; // the keys of the table are the kinds

export const quarantineOptions = optionsSchema<QuarantineOptions>({
  ...work,
  to: Type.Optional(Text),
  kinds: Type.Optional(Type.Array(literals(kinds))),
  now: Callback,
  files,
});

export const restoreOptions = optionsSchema<RestoreOptions>({ ...work, files });

export const thumbnailOptions = optionsSchema<ThumbnailOptions>({
  ...work,
  perKind: Count,
  perFinding: Count,
  sidePx: Count,
});

const opened = {
  logger: LoggerOption,
  strict: Flag,
  proportions: Type.Optional(Type.Object({ train: Share, val: Share, test: Share })),
  salt: Type.Optional(Text),
  fold: Type.Optional(Type.Object({ index: Type.Integer({ minimum: 0 }), count: Type.Integer({ minimum: 2 }) })),
  isMeasured: Flag,
};

export const openPackOptions = optionsSchema<SplitOptions & Pick<PackOptions, "logger" | "strict">>(opened);

export const packOptions = optionsSchema<PackOptions>({
  ...work,
  ...opened,
  folder: Type.Optional(Text),
  force: Flag,
  concurrency: Count,
});

const publicFile = Type.Object({
  name: Text,
  urls: Type.Array(Text),
  sizeBytes: Type.Number({ minimum: 0 }),
  sha256: Text,
});
const publicSet = Type.Object({ files: Type.Array(publicFile) });

export const fetchOptions = optionsSchema<FetchOptions>({
  ...work,
  to: Text,
  sets: Type.Optional(Type.Record(Type.String(), publicSet, { description: "sets by their names" })),
  attempts: Count,
  stallMs: Amount,
  waitMs: Amount,
});
