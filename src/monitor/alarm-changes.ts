/** Which alarms are new since the last look, and which are over. */
import type { MonitorAlarm } from "./measure-log.ts";

export interface AlarmEvent {
  readonly type: "monitor.alarm" | "monitor.resolved";
  /** ISO 8601. */
  readonly timestamp: string;
  readonly data: MonitorAlarm;
}

export class AlarmChanges {
  #before = new Map<string, MonitorAlarm>();

  /** An alarm goes on while the same kind is raised for the same version. */
  next(alarms: readonly MonitorAlarm[], now: Date): readonly AlarmEvent[] {
    const timestamp = now.toISOString();
    const current = new Map(alarms.map((alarm) => [keyOf(alarm), alarm]));
    const begun = [...current].filter(([key]) => !this.#before.has(key));
    const ended = [...this.#before].filter(([key]) => !current.has(key));
    this.#before = current;
    return [
      ...begun.map(([, data]) => ({ type: "monitor.alarm" as const, timestamp, data })),
      ...ended.map(([, data]) => ({ type: "monitor.resolved" as const, timestamp, data })),
    ];
  }
}

function keyOf({ kind, model, version }: MonitorAlarm): string {
  return JSON.stringify([kind, model, version]);
}
