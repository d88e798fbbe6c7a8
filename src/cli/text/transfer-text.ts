/** What `data push`, `fetch` and `pull` say. */
import { counted, formatBytes, formatDuration, formatRate } from "../../base/quantity.ts";
import { visibleText } from "../../base/visible-text.ts";
import type { DataTransfer, RemoteTransfer } from "../../versioning/remotes/transfer-data.ts";

/** One line for each remote: what moved, where, how fast; or that nothing had to. */
export function transferText({ remotes, durationMs }: DataTransfer, done: "Pushed" | "Fetched"): string {
  const way = done === "Pushed" ? "to" : "from";
  return remotes.map((remote) => remoteText(remote, done, way, durationMs)).join("\n");
}

function remoteText(remote: RemoteTransfer, done: string, way: string, durationMs: number): string {
  const { name, address, objects, bytes, outputs, records } = remote;
  const place = `${visibleText(name)} (${visibleText(address)})`;
  const runs = records === 0 ? "" : `, ${counted(records, "record")} of past runs`;
  if (objects === 0) {
    const all = outputs === 0 ? "no data to transfer" : `${counted(outputs, "output")} complete`;
    return `Nothing to do  ${all}${runs}  ${way} ${place}`;
  }
  const speed = formatRate(bytes / (durationMs / 1000), "B");
  const amount = `${counted(objects, "object")}, ${formatBytes(bytes)}${runs}`;
  return `${done}  ${amount}, ${way} ${place} in ${formatDuration(durationMs)} (${speed})`;
}
