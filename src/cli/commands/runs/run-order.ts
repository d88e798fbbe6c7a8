/** `--sort` as an order of MLflow's search language. */
import { AppError } from "../../../base/errors.ts";
import { metricGoal } from "../../../tracking/metric-keys.ts";

const attributes: Readonly<Record<string, string>> = {
  started: "attributes.start_time",
  ended: "attributes.end_time",
  name: "attributes.run_name",
  status: "attributes.status",
};
const newestFirst = ["started", "ended"];

/** `val_accuracy` has the highest first, `val_loss` the lowest, unless reversed. */
export function orderOf(key: string, isReversed: boolean): string {
  if (key === "" || key.includes("`")) {
    throw new AppError("CLI_USAGE", {
      required: "a metric, started, ended, name or status for --sort",
      received: JSON.stringify(key),
    });
  }
  const attribute = isMetricOrder(key) ? undefined : attributes[key];
  const falls = attribute === undefined ? metricGoal(key) !== "lowest" : newestFirst.includes(key);
  return `${attribute ?? `metrics.\`${key}\``} ${falls === isReversed ? "ASC" : "DESC"}`;
}

/** Whether `--sort` names a metric, and no attribute of a run. */
export function isMetricOrder(key: string): boolean {
  return !Object.hasOwn(attributes, key);
}
