/** How busy the machine is: processor and memory, in MLflow's names and units. */
import { cpus, freemem, totalmem } from "node:os";

const megabyte = 1e6;

/** Of all its processors since the last call, or since this was made. */
export function createSystemLoad(): () => ReadonlyMap<string, number> {
  let before = processorTimes();
  return () => {
    const now = processorTimes();
    const total = now.total - before.total;
    const busy = total > 0 ? 100 * (1 - (now.idle - before.idle) / total) : 0;
    before = now;
    return new Map([
      ["system/cpu_utilization_percentage", Math.round(10 * busy) / 10],
      ["system/system_memory_usage_megabytes", Math.round((totalmem() - freemem()) / megabyte)],
      ["system/process_memory_megabytes", Math.round(process.memoryUsage.rss() / megabyte)],
    ]);
  };
}

function processorTimes(): { readonly idle: number; readonly total: number } {
  let [idle, total] = [0, 0];
  for (const { times } of cpus()) {
    idle += times.idle;
    total += times.user + times.nice + times.sys + times.idle + times.irq;
  }
  return { idle, total };
}
