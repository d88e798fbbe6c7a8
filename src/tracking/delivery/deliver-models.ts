/** Brings a run's logged models from one store to another. */
import { isAppError } from "../../base/errors.ts";
import type { LoggedModel } from "../run.ts";
import { deliverFiles, type FileTarget } from "./deliver-files.ts";
import { batchPoints, type DeliveryWork, fileOptions } from "./delivery.ts";
import { originTags } from "./known-ids.ts";
import { missingPoints } from "./missing-points.ts";

/** A model whose files are there is READY there, too. */
export async function deliverModels(work: DeliveryWork): Promise<void> {
  const { from, source, attempt } = work;
  if (source.modelIds.length === 0) return;
  const known = await modelsByOrigin(work);
  for (const id of source.modelIds) {
    await attempt(`model ${id}`, async () => deliverModel(work, await from.getModel(id), known));
  }
}

/** The target's models by the ids that they were first logged under. */
async function modelsByOrigin({ to, target }: DeliveryWork): Promise<ReadonlyMap<string, LoggedModel>> {
  const models = await Promise.all(target.modelIds.map((id) => to.getModel(id)));
  return new Map(models.flatMap((model) => [model.id, originOfModel(model)].map((id) => [id, model] as const)));
}

function originOfModel({ id, tags }: LoggedModel): string {
  return tags.get(originTags.model) ?? id;
}

async function deliverModel(
  work: DeliveryWork,
  model: LoggedModel,
  known: ReadonlyMap<string, LoggedModel>,
): Promise<void> {
  const { to, ids, count, options } = work;
  const found = known.get(model.id) ?? known.get(originOfModel(model));
  const there = found ?? (await createModel(work, model));
  if (there === undefined) {
    // A server before MLflow 3 has models among the artifacts of their run.
    return deliverModelFiles(
      work,
      model,
      { store: to, owner: { runId: work.target.id }, folder: model.name },
      work.isNew,
    );
  }
  ids.set(model.id, there.id);
  await deliverModelFiles(work, model, { store: to, owner: { modelId: there.id } }, found === undefined);
  if (found === undefined) count.models++;
  if (options.metrics !== false) await deliverModelMetrics(work, model, there);
  if (model.status !== "PENDING" && there.status !== model.status) await to.finishModel(there.id, model.status);
}

/** Each is a metric of the run, too, so that they go before the run's others. */
async function deliverModelMetrics(work: DeliveryWork, model: LoggedModel, there: LoggedModel): Promise<void> {
  const { to, target, count, loggedKeys } = work;
  const missing = missingPoints(model.metrics, there.metrics);
  for (let start = 0; start < missing.length; start += batchPoints) {
    const metrics = missing.slice(start, start + batchPoints);
    for (const { key } of metrics) loggedKeys.add(key);
    await to.logBatch(target.id, { metrics, modelId: there.id });
    count.points += metrics.length;
  }
}

async function createModel({ to, target }: DeliveryWork, model: LoggedModel): Promise<LoggedModel | undefined> {
  const { name, tags, params } = model;
  try {
    return await to.createModel({
      experimentId: target.experimentId,
      name,
      runId: target.id,
      tags: new Map([...tags, [originTags.model, originOfModel(model)]]),
      params,
    });
  } catch (error) {
    if (isAppError(error, "TRACKING_UNSUPPORTED")) return undefined;
    throw error;
  }
}

async function deliverModelFiles(
  work: DeliveryWork,
  model: LoggedModel,
  to: FileTarget,
  isNew: boolean,
): Promise<void> {
  const { from, count } = work;
  const delivered = await deliverFiles(
    { store: from, owner: { modelId: model.id } },
    to,
    fileOptions(work, model.id, isNew),
  );
  count.files += delivered.files;
  count.bytes += delivered.bytes;
}
