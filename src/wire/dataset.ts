/** The functions of `pawprint/dataset` that take options: each checks them when it is called. */
import { readOptions } from "../base/schema/options.ts";
import * as imports from "../dataset/import-source.ts";
import * as inspections from "../dataset/inspection/inspect-source.ts";
import * as quarantines from "../dataset/inspection/quarantine/quarantine.ts";
import * as restorations from "../dataset/inspection/quarantine/restore-quarantine.ts";
import * as scans from "../dataset/inspection/scan/scan-source.ts";
import * as thumbnails from "../dataset/inspection/scan/thumbnails.ts";
import * as packs from "../dataset/pack/build-pack.ts";
import * as publicSets from "../dataset/public-sets.ts";
import * as sources from "../dataset/sources/open-source.ts";
import { sourceOptionsSchema } from "../dataset/sources/source-options.ts";
import * as options from "./options/dataset-options.ts";

/** See `importSource` in `dataset/import-source.ts`. */
export const importSource: typeof imports.importSource = async (source, given) =>
  imports.importSource(source, readOptions(options.importOptions, given, "importSource"));

/** See `inspectSource` in `dataset/inspection/inspect-source.ts`. */
export const inspectSource: typeof inspections.inspectSource = async (source, given) =>
  inspections.inspectSource(source, readOptions(options.inspectOptions, given, "inspectSource"));

/** See `scanSource` in `dataset/inspection/scan/scan-source.ts`. */
export const scanSource: typeof scans.scanSource = async (source, given) =>
  scans.scanSource(source, readOptions(options.scanOptions, given, "scanSource"));

/** See `quarantine` in `dataset/inspection/quarantine/quarantine.ts`. */
export const quarantine: typeof quarantines.quarantine = async (inspection, given) =>
  quarantines.quarantine(inspection, readOptions(options.quarantineOptions, given, "quarantine"));

/** See `restoreQuarantine` in `dataset/inspection/quarantine/restore-quarantine.ts`. */
export const restoreQuarantine: typeof restorations.restoreQuarantine = async (folder, given) =>
  restorations.restoreQuarantine(folder, readOptions(options.restoreOptions, given, "restoreQuarantine"));

/** See `makeThumbnails` in `dataset/inspection/scan/thumbnails.ts`. */
export const makeThumbnails: typeof thumbnails.makeThumbnails = async (source, findings, given) =>
  thumbnails.makeThumbnails(source, findings, readOptions(options.thumbnailOptions, given, "makeThumbnails"));

/** See `buildPack` in `dataset/pack/build-pack.ts`. */
export const buildPack: typeof packs.buildPack = async (source, recipe, given) =>
  packs.buildPack(source, recipe, readOptions(options.packOptions, given, "buildPack"));

/** See `openPack` in `dataset/pack/build-pack.ts`. */
export const openPack: typeof packs.openPack = async (folder, given) =>
  packs.openPack(folder, readOptions(options.openPackOptions, given, "openPack"));

/** See `fetchPublicSet` in `dataset/public-sets.ts`. */
export const fetchPublicSet: typeof publicSets.fetchPublicSet = async (name, given) =>
  publicSets.fetchPublicSet(name, readOptions(options.fetchOptions, given, "fetchPublicSet"));

/** See `openSource` in `dataset/sources/open-source.ts`. */
export const openSource: typeof sources.openSource = async (location, given) =>
  sources.openSource(location, readOptions(sourceOptionsSchema, given, "openSource"));
