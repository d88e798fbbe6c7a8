import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../base/random.ts";
import { bootstrapNull, bootstrapPValue, bootstrapThreshold, thresholdOf } from "./bootstrap.ts";
import { classPriors } from "./class-priors.ts";
import { chiSquaredTail, classSharesTest } from "./class-shares-test.ts";
import { expectedAccuracy } from "./expected-accuracy.ts";
import { kolmogorovSmirnovDistance, kolmogorovSmirnovTest } from "./kolmogorov-smirnov.ts";
import { medianDistance, randomFeatures, squaredDistanceOfMeans, squaredMeanDiscrepancy } from "./mean-discrepancy.ts";
import { countByEdges, jensenShannonDistance, populationStabilityIndex, quantileEdges } from "./share-distances.ts";

const spread = (count: number, factor: number, modulus: number, power: number): number[] =>
  Array.from({ length: count }, (_, i) => (((i * factor) % modulus) / modulus) ** power);

const samples = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 1, maxLength: 40 });
const counts = fc.array(fc.nat(500), { minLength: 4, maxLength: 4 });

describe("the Kolmogorov-Smirnov test", () => {
  it.each([
    // scipy.stats.ks_2samp(a, b, method="exact")
    [[1, 2, 3, 4, 5, 6, 7, 8], [3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5], 0.375, 0.5076923076923078],
    [spread(60, 37, 101, 1), spread(45, 53, 89, 1.5), 0.18333333333333332, 0.3195847560749422],
  ])("is SciPy's exact one", (a, b, statistic, pValue) => {
    const test = kolmogorovSmirnovTest(a, b);
    expect(test.method).toBe("exact");
    expect(test.statistic).toBeCloseTo(statistic, 12);
    expect(test.pValue).toBeCloseTo(pValue, 10);
  });

  it("is near the exact one where the samples are large", () => {
    const test = kolmogorovSmirnovTest(spread(2000, 37, 2003, 1), spread(1498, 53, 1499, 1.1));
    expect(test).toMatchObject({ method: "asymptotic" });
    // ks_2samp(method="exact") gives 0.22708; Stephens' form is good to two digits here.
    expect(test.pValue).toBeCloseTo(0.22708, 2);
  });

  it("is symmetric, within 0 and 1, and 0 for a sample against itself", () => {
    fc.assert(
      fc.property(samples, samples, (a, b) => {
        const test = kolmogorovSmirnovTest(a, b);
        expect(test.statistic).toBeCloseTo(kolmogorovSmirnovTest(b, a).statistic, 12);
        expect(test.statistic).toBeGreaterThanOrEqual(0);
        expect(test.statistic).toBeLessThanOrEqual(1);
        expect(test.pValue).toBeLessThanOrEqual(1);
        expect(kolmogorovSmirnovTest(a, a)).toMatchObject({ statistic: 0, pValue: 1 });
      }),
    );
  });

  it("does not change under a growing transformation", () => {
    fc.assert(
      fc.property(samples, samples, (a, b) => {
        const grown = (values: number[]): number[] => values.map((value) => Math.round(value) ** 3);
        const rounded = (values: number[]): number[] => values.map((value) => Math.round(value));
        expect(kolmogorovSmirnovTest(grown(a), grown(b))).toEqual(kolmogorovSmirnovTest(rounded(a), rounded(b)));
      }),
    );
  });

  it("says nothing of an empty sample", () => {
    expect(kolmogorovSmirnovTest([], [1, 2])).toEqual({ statistic: 0, pValue: 1, method: "exact" });
  });
});

describe("distances of shares", () => {
  it("give PSI by its formula, with half a count added to each bin", () => {
    // numpy: p = counts + 0.5 as shares; ((p - q) * log(p / q)).sum()
    expect(populationStabilityIndex([10, 20, 70], [30, 30, 40])).toBeCloseTo(0.41309722733851917, 12);
    expect(populationStabilityIndex([10, 20, 70], [30, 30, 40], 0)).toBeCloseTo(0.42815370492506505, 12);
  });

  it("give the Jensen-Shannon distance of SciPy, base 2", () => {
    // scipy.spatial.distance.jensenshannon(p, q, base=2)
    expect(jensenShannonDistance([10, 20, 70], [30, 30, 40])).toBeCloseTo(0.2736668758986993, 12);
    expect(jensenShannonDistance([1, 0], [0, 1])).toBe(1);
    expect(jensenShannonDistance([0, 0], [0, 1])).toBe(0);
  });

  it("are symmetric, not negative and 0 for equal shares", () => {
    fc.assert(
      fc.property(counts, counts, (a, b) => {
        for (const distance of [populationStabilityIndex, jensenShannonDistance]) {
          expect(distance(a, b)).toBeCloseTo(distance(b, a), 9);
          expect(distance(a, b)).toBeGreaterThanOrEqual(0);
          expect(distance(a, a)).toBe(0);
        }
        expect(jensenShannonDistance(a, b)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("put every value into one bin, about equally many of the reference", () => {
    const sorted = spread(1000, 37, 1009, 2).sort((a, b) => a - b);
    const edges = quantileEdges(sorted);
    expect(edges).toHaveLength(9);
    expect([...countByEdges(sorted, edges)]).toEqual(Array(10).fill(100));
    expect([...countByEdges([-5, 5], edges)]).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect(quantileEdges([3, 3, 3])).toEqual([]);
  });
});

describe("the test of class shares", () => {
  it.each([
    // scipy.stats.chi2_contingency([first, second], correction=False)
    [[10, 20, 70], [30, 30, 40], 20.18181818181818, 2, 4.1454708385289385e-5],
    [[500, 300, 10, 0], [90, 60, 12, 3], 38.061923809227345, 3, 2.7424255314252605e-8],
  ])("is Pearson's", (first, second, statistic, degreesOfFreedom, pValue) => {
    const test = classSharesTest(first, second);
    expect(test.statistic).toBeCloseTo(statistic, 10);
    expect(test.degreesOfFreedom).toBe(degreesOfFreedom);
    expect(test.pValue / pValue).toBeCloseTo(1, 9);
  });

  it.each([
    // scipy.stats.chi2.sf(x, k)
    [0.5, 1, 0.479500122],
    [3, 4, 0.5578254],
    [30, 9, 4.38721771e-4],
    [200, 50, 7.85761072e-20],
  ])("has the tail of chi-squared above %f with %i degrees", (x, k, tail) => {
    expect(chiSquaredTail(x, k) / tail).toBeCloseTo(1, 7);
  });

  it("leaves out classes that neither has, and says nothing of one class", () => {
    expect(classSharesTest([10, 0, 20], [30, 0, 10])).toEqual(classSharesTest([10, 20], [30, 10]));
    const oneClass = classSharesTest([10, 0], [30, 0]);
    expect(oneClass).toMatchObject({ degreesOfFreedom: 0, pValue: 1 });
    expect(oneClass.statistic).toBeCloseTo(0, 12);
    expect(classSharesTest([0, 0], [3, 4]).pValue).toBe(1);
  });
});

describe("class shares behind answers", () => {
  it("are those of the answers where the reference has no confusion", () => {
    const priors = classPriors([0, 0, 1, 1, 2], [0, 0, 1, 1, 2], [0.1, 0.2, 0.7]);
    expect(priors.map((share) => Number(share.toFixed(9)))).toEqual([0.1, 0.2, 0.7]);
  });

  it("undo the confusion of the reference", () => {
    // 80 % of class 0 and 90 % of class 1 are answered right: shares 0.3 and 0.7 give 0.31 and 0.69.
    const targets = Array.from({ length: 200 }, (_, at) => Number(at >= 100));
    const answers = targets.map((target, at) => (at % 100 < (target === 0 ? 80 : 90) ? target : 1 - target));
    const priors = classPriors(targets, answers, [0.31, 0.69]);
    expect(priors[0]).toBeCloseTo(0.3, 5);
  });
});

describe("maximum mean discrepancy", () => {
  it("is the unbiased estimate of its definition", () => {
    const first = { values: [0, 0, 1, 0, 0, 2], size: 2 };
    const second = { values: [1, 1, 3, 1], size: 2 };
    // numpy: (kx.sum() - 3) / 6 + (ky.sum() - 2) / 2 - 2 * kxy.mean(), width 1.5
    expect(squaredMeanDiscrepancy(first, second, 1.5)).toBeCloseTo(0.0484507795750162, 12);
  });

  it("is near the distance of the mean random features", () => {
    const random = createRandom(4);
    const draw = (count: number, shift: number) => ({
      values: Float64Array.from({ length: count * 3 }, () => random.normal() + shift),
      size: 3,
    });
    const [first, second] = [draw(400, 0), draw(400, 0.7)];
    const width = medianDistance(first);
    // The median distance of three normal numbers is sqrt(2 * 2.366): 2.18.
    expect(width).toBeCloseTo(2.18, 0);
    const features = randomFeatures(3, width, 512, random);
    const sumOf = (values: Float32Array): Float64Array => {
      const sum = new Float64Array(512);
      values.forEach((value, at) => {
        sum[at % 512]! += value;
      });
      return sum;
    };
    const estimate = squaredDistanceOfMeans(sumOf(features.of(first)), 400, sumOf(features.of(second)), 400);
    const exact = squaredMeanDiscrepancy(first, second, width);
    expect(exact).toBeGreaterThan(0.05);
    // 512 features: an error of about 1 / sqrt(512) of the value, and the bias of 2 / 400.
    expect(Math.abs(estimate - exact)).toBeLessThan(0.02);
  });
});

describe("accuracy expected from confidences", () => {
  it("is their mean, with the interval of a sum of unlike coins", () => {
    const { accuracy, interval } = expectedAccuracy([0.9, 0.8, 0.7, 0.6])!;
    expect(accuracy).toBeCloseTo(0.75, 12);
    // 1.96 sqrt(0.09 + 0.16 + 0.21 + 0.24) / 4
    expect(interval.low).toBeCloseTo(0.75 - (1.959963984540054 * Math.sqrt(0.7)) / 4, 12);
    expect(expectedAccuracy([])).toBeUndefined();
  });

  it("corrects what confidence was too high by on the reference", () => {
    const reference = { count: 500, accuracy: 0.8, meanConfidence: 0.9 };
    const corrected = expectedAccuracy(Array(200).fill(0.9), reference)!;
    expect(corrected.accuracy).toBeCloseTo(0.8, 12);
    const { count, error, interval } = corrected.reference!;
    expect({ count, error: error.toFixed(12) }).toEqual({ count: 500, error: "0.100000000000" });
    // 1.96 sqrt(p (1 - p) / 500), with p = (400 + 2) / (500 + 4)
    const share = 402 / 504;
    expect(interval.high - error).toBeCloseTo(1.959963984540054 * Math.sqrt((share * (1 - share)) / 500), 12);
    const plain = expectedAccuracy(Array(200).fill(0.9))!;
    expect(plain.reference).toBeUndefined();
    expect(corrected.interval.high - corrected.interval.low).toBeGreaterThan(plain.interval.high - plain.interval.low);
  });

  it("holds the true accuracy in its interval 95 times of 100", () => {
    const random = createRandom(8);
    let inside = 0;
    for (let run = 0; run < 400; run++) {
      const confidences = Array.from({ length: 200 }, () => 0.5 + random.next() / 2);
      const right = confidences.filter((confidence) => random.next() < confidence).length / 200;
      const { low, high } = expectedAccuracy(confidences)!.interval;
      inside += Number(right >= low && right <= high);
    }
    // 380 expected, deviation 4.4.
    expect(inside).toBeGreaterThan(364);
  });
});

describe("thresholds by bootstrap", () => {
  const random = createRandom(1);
  const reference = Array.from({ length: 500 }, () => random.normal());

  it("are the same for the same seed", () => {
    const options = { windowSize: 50, replicates: 300, rate: 0.05 };
    const of = (seed: number): number =>
      bootstrapThreshold(reference, kolmogorovSmirnovDistance, { ...options, random: createRandom(seed) });
    expect(of(3)).toBe(of(3));
    expect(of(3)).not.toBe(of(4));
  });

  it("are exceeded by fresh windows at the rate that was asked for", () => {
    const threshold = bootstrapThreshold(reference, kolmogorovSmirnovDistance, {
      windowSize: 100,
      replicates: 2000,
      rate: 0.1,
      random: createRandom(2),
    });
    // The asymptotic value: 1.224 sqrt(1 / 100 + 1 / 500).
    expect(threshold).toBeCloseTo(0.134, 2);
    const sorted = Float64Array.from(reference).sort();
    let alarms = 0;
    for (let run = 0; run < 500; run++) {
      const window = Float64Array.from({ length: 100 }, () => random.normal()).sort();
      alarms += Number(kolmogorovSmirnovDistance(sorted, window) > threshold);
    }
    // 50 expected on average over references; this one reference moves it.
    expect(alarms).toBeGreaterThan(20);
    expect(alarms).toBeLessThan(90);
  });

  it("and p-values say the same", () => {
    const nulls = bootstrapNull(reference, kolmogorovSmirnovDistance, {
      windowSize: 40,
      replicates: 999,
      random: createRandom(9),
    });
    const threshold = thresholdOf(nulls, 0.05);
    expect(bootstrapPValue(nulls, threshold + 0.01)).toBeLessThan(0.05);
    expect(bootstrapPValue(nulls, threshold - 0.01)).toBeGreaterThan(0.05);
    expect(bootstrapPValue(nulls, 2)).toBe(1 / 1000);
    expect(bootstrapPValue(nulls, 0)).toBe(1);
  });
});
