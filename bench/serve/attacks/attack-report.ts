/** What the attacks did, for people. */
import { tableOf } from "../../report.ts";
import { goals } from "./attack.ts";
import type { AttackOutcome } from "./run-attack.ts";

/** Which goals an outcome misses; none where the service holds. */
export function missedGoals(outcome: AttackOutcome): readonly string[] {
  const { during, peakBytes, endSeconds, death, attackers } = outcome;
  const isMissed = {
    rate: rateShare(outcome) < goals.rate,
    deadlines: during.inTime < goals.inTime,
    probe: during.probe.max > goals.probeMs || during.probe.failed > 0,
    memory: peakBytes > goals.peakBytes,
    end: endSeconds === undefined || death !== undefined,
  };
  const own = attackers.note?.missed;
  return [
    ...Object.entries(isMissed).flatMap(([goal, missed]) => (missed ? [goal] : [])),
    ...(own === undefined ? [] : [own]),
  ];
}

/** What is left of the bystanders' undisturbed rate. */
export function rateShare({ during, undisturbed }: AttackOutcome): number {
  return undisturbed.rate === 0 ? 0 : during.rate / undisturbed.rate;
}

const headings = [
  "attack",
  "service",
  "rate left",
  "in time",
  "p99 ms",
  "/livez p50, max ms",
  "peak MiB",
  "after MiB",
  "SIGTERM s",
  "missed",
  "attackers got",
] as const;

export function attackTable(outcomes: readonly AttackOutcome[]): string {
  return tableOf([headings, ...outcomes.map(rowOf)]);
}

function rowOf(outcome: AttackOutcome): readonly string[] {
  const { attack, service, during, peakBytes, bytesAfter, attackers, endSeconds, death } = outcome;
  const { p50, max, failed } = during.probe;
  const missed = missedGoals(outcome);
  return [
    attack,
    service,
    percent(rateShare(outcome)),
    percent(during.inTime),
    during.p99.toFixed(0),
    `${p50.toFixed(1)}, ${max.toFixed(0)}${failed === 0 ? "" : `, ${failed} failed`}`,
    mebibytes(peakBytes),
    mebibytes(bytesAfter),
    death ?? (endSeconds === undefined ? `over ${goals.endSeconds}` : endSeconds.toFixed(1)),
    missed.length === 0 ? "nothing" : missed.join(", "),
    attackersGot(attackers),
  ];
}

function attackersGot({ statuses, note }: AttackOutcome["attackers"]): string {
  const counts = Object.entries(statuses).map(([status, count]) => `${count} x ${status}`);
  return [...counts, ...(note === undefined ? [] : [note.text])].join(", ");
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}
