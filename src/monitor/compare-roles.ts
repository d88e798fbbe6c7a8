/** Whether a canary or a challenger is better than the champion, by the labels of their pictures. */
import type { GroupCount } from "../metrics/exact-tests.ts";
import { compareIndependent, comparePaired, type SequentialComparison } from "../metrics/sequential-test.ts";
import type { LabelledPrediction } from "../prediction-log/prediction-log.ts";

/** The first is the champion, the second the other; counts are of labelled pictures. */
export interface RoleComparison extends SequentialComparison {
  readonly model: string;
  readonly version: string;
  readonly role: "canary" | "challenger";
  /** A challenger answers the champion's pictures, a canary others. */
  readonly isPaired: boolean;
  readonly champion: GroupCount;
  readonly other: GroupCount;
}

interface Rival {
  readonly model: string;
  readonly version: string;
  readonly role: "canary" | "challenger";
  right: number;
  count: number;
  /** Champion's labelled answers before the rival's first prediction. */
  readonly before: GroupCount;
  /** Until its last one. */
  until: GroupCount;
  onlyRight: number;
  onlyChampionRight: number;
  alike: number;
  championRight: number;
}

interface Answered {
  isRight?: boolean;
  readonly waiting: [Rival, boolean][];
}

/** Labelled champions' answers whose challenger's may still come; both are logged within moments. */
const awaited = 10_000;

/** Rows are given in the order of time. */
export class RoleComparisons {
  readonly #rivals = new Map<string, Rival>();
  /** Of each model. */
  readonly #champions = new Map<string, { right: number; count: number }>();
  /** By request and position: whether the champion was right, or what challengers said before it; the latest, and those before. */
  #answered = new Map<string, Answered>();
  #before = new Map<string, Answered>();

  add(row: LabelledPrediction): void {
    const champion = this.#champions.get(row.model) ?? { right: 0, count: 0 };
    this.#champions.set(row.model, champion);
    const isRight = row.trueLabel === row.label;
    const isLabelled = row.trueLabel !== undefined;
    if (row.role === "canary" || row.role === "challenger") {
      const rival = this.#rivalOf(row, row.role, champion);
      rival.until = { ...champion };
      if (!isLabelled) return;
      if (row.role === "challenger") this.#meet(row, isRight, rival);
      else {
        rival.count++;
        rival.right += Number(isRight);
      }
    }
    if (row.role === "challenger" || !isLabelled) return;
    // A canary's picture has its challenger too.
    this.#meet(row, isRight, undefined);
    if (row.role !== "champion") return;
    champion.count++;
    champion.right += Number(isRight);
  }

  #rivalOf(row: LabelledPrediction, role: Rival["role"], champion: GroupCount): Rival {
    const key = JSON.stringify([row.model, row.version, role]);
    const known = this.#rivals.get(key);
    if (known) return known;
    const { model, version } = row;
    const counts = { right: 0, count: 0, onlyRight: 0, onlyChampionRight: 0, alike: 0, championRight: 0 };
    const rival: Rival = { model, version, role, before: { ...champion }, until: { ...champion }, ...counts };
    this.#rivals.set(key, rival);
    return rival;
  }

  /** The two answers to one picture come in either order. */
  #meet({ requestId, position }: LabelledPrediction, isRight: boolean, rival: Rival | undefined): void {
    const key = `${position} ${requestId}`;
    const known = this.#answered.get(key) ?? this.#before.get(key) ?? { waiting: [] };
    this.#answered.set(key, known);
    if (rival === undefined) {
      known.isRight = isRight;
      for (const [other, wasRight] of known.waiting) countPair(other, isRight, wasRight);
      known.waiting.length = 0;
    } else if (known.isRight === undefined) known.waiting.push([rival, isRight]);
    else countPair(rival, known.isRight, isRight);
    if (this.#answered.size < awaited) return;
    [this.#before, this.#answered] = [this.#answered, new Map()];
  }

  /** Those of which there is anything to say, in the order in which they came. */
  results(): readonly RoleComparison[] {
    return [...this.#rivals.values()].map((rival) => {
      const { model, version, role, count, right, before, until } = rival;
      const isPaired = role === "challenger";
      const champion = isPaired
        ? { right: rival.championRight, count }
        : { right: until.right - before.right, count: until.count - before.count };
      const other = { right, count };
      const comparison = isPaired
        ? comparePaired({
            onlyFirstRight: rival.onlyChampionRight,
            onlySecondRight: rival.onlyRight,
            alike: rival.alike,
          })
        : compareIndependent(champion, other);
      return { model, version, role, isPaired, champion, other, ...comparison };
    });
  }
}

function countPair(rival: Rival, championIsRight: boolean, isRight: boolean): void {
  rival.count++;
  rival.right += Number(isRight);
  rival.championRight += Number(championIsRight);
  if (championIsRight === isRight) rival.alike++;
  else if (isRight) rival.onlyRight++;
  else rival.onlyChampionRight++;
}
