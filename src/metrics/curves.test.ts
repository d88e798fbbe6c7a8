import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scoredAnswers, scoredFigures } from "../../tests/fixtures/scored-answers.ts";
import { curvesOf, normalizersOf, rankingOf, scoresOfClass } from "./curves.ts";

// scikit-learn 1.9.1: roc_curve(y, s, drop_intermediate=False), precision_recall_curve(y, s),
// roc_auc_score, average_precision_score
const scores = [0.9, 0.8, 0.8, 0.7, 0.6, 0.6, 0.6, 0.4, 0.3, 0.1];
const isPositive = [1, 1, 0, 1, 0, 1, 0, 0, 1, 0];

describe("curves of one class against the rest", () => {
  it("are scikit-learn's, with ties taken together", () => {
    const { roc, precisionRecall } = curvesOf({ scores, isPositive })!;
    expect(roc.map((point) => point.threshold)).toEqual([Number.POSITIVE_INFINITY, 0.9, 0.8, 0.7, 0.6, 0.4, 0.3, 0.1]);
    expect(roc.map((point) => point.falsePositiveRate)).toEqual([0, 0, 0.2, 0.2, 0.6, 0.8, 0.8, 1]);
    expect(roc.map((point) => point.truePositiveRate)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 0.8, 1, 1]);
    const falling = precisionRecall.toReversed();
    expect(falling.map((point) => point.recall)).toEqual([1, 1, 0.8, 0.8, 0.6, 0.4, 0.2, 0]);
    expect(falling.map((point) => point.precision)).toEqual([0.5, 5 / 9, 0.5, 4 / 7, 0.75, 2 / 3, 1, 1]);
  });

  it("have scikit-learn's areas", () => {
    const { auc, averagePrecision } = rankingOf({ scores, isPositive })!;
    expect(auc).toBeCloseTo(0.7, 14);
    expect(averagePrecision).toBeCloseTo(0.7087301587301587, 14);
    const normalizers = normalizersOf(scoredAnswers);
    const classes = [0, 1, 2].map((index) => rankingOf(scoresOfClass(scoredAnswers, index, normalizers))!);
    classes.forEach((ranking, index) => {
      expect(ranking.auc).toBeCloseTo(scoredFigures.auc[index]!, 12);
      expect(ranking.averagePrecision).toBeCloseTo(scoredFigures.averagePrecision[index]!, 12);
    });
  });

  it("are of perfect, useless and upside-down scores what they should be", () => {
    expect(rankingOf({ scores: [3, 2, 1, 0], isPositive: [1, 1, 0, 0] })).toEqual({ auc: 1, averagePrecision: 1 });
    expect(rankingOf({ scores: [1, 1, 1, 1], isPositive: [1, 1, 0, 0] })).toEqual({ auc: 0.5, averagePrecision: 0.5 });
    expect(rankingOf({ scores: [0, 1], isPositive: [1, 0] })).toEqual({ auc: 0, averagePrecision: 0.5 });
  });

  it("do not exist where there is nothing to tell apart", () => {
    expect(rankingOf({ scores: [0.1, 0.2], isPositive: [1, 1] })).toBeUndefined();
    expect(curvesOf({ scores: [0.1, 0.2], isPositive: [0, 0] })).toBeUndefined();
    expect(rankingOf({ scores: [], isPositive: [] })).toBeUndefined();
  });

  const sample = fc.array(fc.tuple(fc.integer({ min: -8, max: 8 }), fc.boolean()), { minLength: 1, maxLength: 40 });
  const scored = (pairs: readonly (readonly [number, boolean])[], map = (score: number): number => score) => ({
    scores: pairs.map(([score]) => map(score)),
    isPositive: pairs.map(([, positive]) => Number(positive)),
  });

  it("depend on the order of scores alone", () => {
    fc.assert(
      fc.property(sample, (pairs) => {
        const transformed = scored(pairs, (score) => Math.exp(score / 3) + 5);
        expect(rankingOf(transformed)).toEqual(rankingOf(scored(pairs)));
      }),
    );
  });

  it("have the area that counting pairs gives, ties by half", () => {
    fc.assert(
      fc.property(sample, (pairs) => {
        const of = (side: boolean) => pairs.filter(([, positive]) => positive === side).map(([score]) => score);
        const [high, low] = [of(true), of(false)];
        fc.pre(high.length > 0 && low.length > 0);
        const wins = high.flatMap((a) => low.map((b) => (a > b ? 1 : a === b ? 0.5 : 0) as number));
        const expected = wins.reduce((sum, win) => sum + win, 0) / wins.length;
        expect(rankingOf(scored(pairs))!.auc).toBeCloseTo(expected, 12);
      }),
    );
  });
});
