/** `pawprint monitor watch`: reports again and again, and says what is new. */
import { setTimeout as sleep } from "node:timers/promises";
import { AppError, isAppError } from "../../../base/errors.ts";
import { silentProgress } from "../../../base/progress.ts";
import { visibleText } from "../../../base/visible-text.ts";
import { AlarmChanges, type AlarmEvent } from "../../../monitor/alarm-changes.ts";
import { timeText } from "../../../monitor/page/time-text.ts";
import { parseWebhookSecret, sendWebhook, shownAddress } from "../../../monitor/webhook.ts";
import { measurePredictionLog } from "../../../wire/monitoring.ts";
import { type CommandContext, defineCommand } from "../../frame/command.ts";
import { monitorOptions, monitorSettings } from "../../monitor-options.ts";
import { alarmText } from "../../text/monitor-text.ts";
import { spanMs } from "../../time-options.ts";

const secretVariable = "PAWPRINT_WEBHOOK_SECRET";

export const command = defineCommand({
  description: `Measures the log as 'monitor report' does, every few minutes, over the last day unless --since says otherwise, until it is stopped. A line for each
look; with --json a line for each alarm that begins or ends. The same goes to --webhook, signed by the scheme of Standard Webhooks with the secret in
${secretVariable}. What a receiver does not take is sent again at the next look.`,
  arguments: [],
  options: [
    ...monitorOptions,
    { name: "every", type: "string", placeholder: "5m", doc: "time between two looks; 5m unless given" },
    { name: "webhook", type: "string", placeholder: "URL", doc: "where alarms are sent" },
  ],
  examples: [
    {
      line: "pawprint monitor watch --prediction-log .pawprint/predictions.db --every 1m --window 200",
      doc: "in a terminal",
    },
    {
      line: "pawprint monitor watch --prediction-log postgres://pawprint@db/pawprint --webhook https://alerts.example.com/pawprint",
      doc: "for a receiver",
    },
  ],
  async run(context, _, { every = "5m", webhook, ...options }) {
    const everyMs = spanMs(every);
    if (everyMs === undefined) throw wrongSpan(every);
    const secret = webhook === undefined ? undefined : webhookSecret(webhook, context.env[secretVariable]);
    const changes = new AlarmChanges();
    let unsent: readonly AlarmEvent[] = [];
    while (!context.signal.aborted) {
      const { log } = await monitorSettings(context, { ...options, since: options.since ?? "1d" });
      const events = await look(context, { ...log, progress: silentProgress }, changes);
      if (webhook !== undefined && secret !== undefined) {
        unsent = await sendAll([...unsent, ...events], webhook, secret, context);
      }
      await sleep(everyMs, undefined, { signal: context.signal }).catch(() => undefined);
    }
    return undefined;
  },
});

async function look(
  { stdout, stderr, json, now, signal }: CommandContext,
  log: Parameters<typeof measurePredictionLog>[0],
  changes: AlarmChanges,
): Promise<readonly AlarmEvent[]> {
  try {
    const { count, windows, alarms } = await measurePredictionLog(log);
    const at = new Date(now());
    const events = changes.next(alarms, at);
    for (const event of events) {
      if (json) stdout(`${JSON.stringify(event)}\n`);
      else
        stdout(`${timeText(now())} ${event.type === "monitor.alarm" ? "ALARM" : "over"}: ${alarmText(event.data)}\n`);
    }
    const state = alarms.length === 0 ? "no alarm" : `${alarms.length} alarms`;
    stderr(`${timeText(now())} ${count} predictions, ${windows.length} windows, ${state}\n`);
    return events;
  } catch (error) {
    if (signal.aborted) return [];
    // A store that is away for a time ends no watch.
    if (!isAppError(error, "PREDICTION_LOG_UNAVAILABLE")) throw error;
    stderr(`${timeText(now())} ${visibleText(error.message)}\n`);
    return [];
  }
}

/** Those that were not taken. */
async function sendAll(
  events: readonly AlarmEvent[],
  url: string,
  secret: string,
  { signal, logger }: CommandContext,
): Promise<readonly AlarmEvent[]> {
  for (const [at, event] of events.entries()) {
    try {
      await sendWebhook(event, { url, secret, signal });
    } catch (error) {
      if (signal.aborted) return [];
      if (!isAppError(error, "WEBHOOK_FAILED")) throw error;
      logger.warn("an alarm could not be sent", { to: shownAddress(url), error: error.message });
      return events.slice(at);
    }
  }
  return [];
}

/** Errors: CLI_USAGE, CONFIG_INVALID. */
function webhookSecret(url: string, secret: string | undefined): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new AppError("CLI_USAGE", {
      required: "an address that begins with https://",
      received: "another",
      where: "--webhook",
    });
  }
  if (secret === undefined) {
    throw new AppError("CLI_USAGE", {
      required: `the secret that messages are signed with, in ${secretVariable}`,
      received: "none",
      where: "--webhook",
      hint: `make one with: echo "whsec_$(openssl rand -base64 32)"`,
    });
  }
  parseWebhookSecret(secret);
  return secret;
}

function wrongSpan(text: string): AppError {
  return new AppError("CLI_USAGE", {
    required: "a span such as 30s, 5m or 1h",
    received: JSON.stringify(text.slice(0, 40)),
    where: "--every",
  });
}
