/** Progress as bars that redraw themselves, for a terminal; drawn by cli-progress. */
import { MultiBar, type SingleBar } from "cli-progress";
import type { ProgressHandle, ProgressTask } from "../../base/progress.ts";
import { bar, terminalLine } from "./console.ts";
import type { ConsoleProgress } from "./progress.ts";
import { createTaskMeter, type TaskMeter } from "./task-meter.ts";

export interface ProgressBarsOptions {
  readonly stream: NodeJS.WritableStream;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
}

interface Drawn {
  readonly label: string;
  readonly meter: TaskMeter;
  note: string | undefined;
}

const barWidth = 24;

/**
 * One bar for each task under way: `decode  ████░░░░  40% (400/1000 images), 640 images/s, 1.5 s
 * left  cats`. A task that ends leaves one line.
 */
export function createProgressBars({ stream, now }: ProgressBarsOptions): ConsoleProgress {
  let screen: MultiBar | undefined;
  const underWay = new Map<Drawn, SingleBar>();

  const openScreen = (): MultiBar =>
    new MultiBar({
      stream,
      fps: 8,
      // Without it cli-progress switches the terminal's line wrapping off, and a killed process
      // would leave it so.
      linewrap: true,
      clearOnComplete: true,
      // The time left is updated even while a task makes no progress.
      forceRedraw: true,
      format: (_options, _parameters, payload: { drawn: Drawn }) => render(payload.drawn, now()),
    });

  function write(line: string): void {
    if (screen === undefined) stream.write(line);
    else screen.log(line);
  }

  function finish(drawn: Drawn, text: string): void {
    const line = `${terminalLine(text)}\n`;
    const drawnBar = underWay.get(drawn);
    if (screen === undefined || drawnBar === undefined) return;
    underWay.delete(drawn);
    if (underWay.size > 0) {
      screen.log(line);
      screen.remove(drawnBar);
      return;
    }
    // The last bar: draw what is still queued, clear the bar's own line, leave the summary in its
    // place.
    screen.update();
    screen.stop();
    screen = undefined;
    stream.write(line);
  }

  function start(task: ProgressTask): ProgressHandle {
    const { label, total } = task;
    const meter = createTaskMeter(task, now());
    const drawn: Drawn = { label, meter, note: undefined };
    screen ??= openScreen();
    underWay.set(drawn, screen.create(total ?? 1, 0, { drawn }));
    const end = (text: string, info: string | undefined): void => {
      const note = info ?? drawn.note;
      finish(drawn, `${label}: ${text}${note === undefined ? "" : ` - ${note}`}`);
    };
    return {
      advance(count = 1, info = undefined) {
        meter.advance(count, now());
        drawn.note = info ?? drawn.note;
      },
      done: (info) => end(meter.summarize(now()), info),
      fail: (info) => end(`failed after ${meter.summarize(now())}`, info),
    };
  }

  return {
    start,
    write,
    close: () => {
      for (const drawn of [...underWay.keys()]) finish(drawn, `${drawn.label}: ended early`);
    },
  };
}

function render({ label, meter, note }: Drawn, nowMs: number): string {
  const fraction = meter.fraction();
  const drawnBar = fraction === undefined ? "" : `${bar(fraction, barWidth)}  `;
  return terminalLine(`${label}  ${drawnBar}${meter.describe(nowMs)}${note === undefined ? "" : `  ${note}`}`);
}
