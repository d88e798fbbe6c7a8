/** Several processes that promote at once: each knows where the alias stands before any moves it. */
import { fileURLToPath } from "node:url";
import type { TrackingAccess } from "../../src/tracking/tracking-access.ts";
import { startProcess } from "./pawprint-process.ts";

const script = fileURLToPath(new URL("./promote-process.ts", import.meta.url));

/** What each process says: `promoted`, or the error. */
export async function racePromotions(
  access: TrackingAccess,
  name: string,
  versions: readonly string[],
): Promise<readonly string[]> {
  const racers = versions.map((version) => {
    const given = { access, name, version, alias: "champion", force: true, reason: "a race", threads: 1 };
    return startProcess([process.execPath, "--import", "tsx", script, JSON.stringify(given)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
  });
  for (const { child, out } of racers) {
    while (!out().includes("\n") && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 10));
  }
  for (const { child } of racers) child.stdin!.end("go\n");
  await Promise.all(racers.map(({ ended }) => ended));
  return racers.map(({ out }) => out().replace("ready\n", "").trim());
}
