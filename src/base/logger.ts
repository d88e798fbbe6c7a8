/** The logging port; adapters decide where entries go. */

/** From most to least verbose. */
export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

/** Facts beside the message, by name: `{ pictures: 2000, durationMs: 812 }`. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Takes messages by their level. */
export type Logger = Readonly<Record<LogLevel, (message: string, fields?: LogFields) => void>>;

const nothing = (): void => {};

/** Discards everything; the default of library calls. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** A logger that hands each entry to one function; what every adapter is made of. */
export function createLogger(write: (level: LogLevel, message: string, fields: LogFields) => void): Logger {
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void =>
      write(level, message, fields);
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** The same logger without the entries below `level`. */
export function atLevel(logger: Logger, level: LogLevel): Logger {
  const lowest = logLevels.indexOf(level);
  return createLogger((entryLevel, message, fields) => {
    if (logLevels.indexOf(entryLevel) >= lowest) logger[entryLevel](message, fields);
  });
}
