import { expect, it } from "vitest";
import { noAugmentation } from "../../nn/augment/augmentation.ts";
import { planStages } from "./stages.ts";

const size = (side: number) => ({ height: side, width: side, channels: 3 });
const mixing = { ...noAugmentation, mixup: 0.2, cutmix: 1, flip: true };
const unmixed = { ...mixing, mixup: 0, cutmix: 0 };

it("is one stage where nothing changes", () => {
  expect(planStages(size(64), noAugmentation, { progressive: false, mixOff: 0.2 })).toEqual([{ until: 1 }]);
  expect(planStages(size(64), mixing, { progressive: false, mixOff: 0 })).toEqual([{ until: 1 }]);
});

it("begins with smaller pictures, with sides of multiples of eight", () => {
  expect(planStages(size(128), noAugmentation, { progressive: true, mixOff: 0 })).toEqual([
    { until: 0.35, fedSize: { height: 64, width: 64 } },
    { until: 0.7, fedSize: { height: 96, width: 96 } },
    { until: 1 },
  ]);
  expect(
    planStages({ height: 100, width: 140, channels: 3 }, noAugmentation, { progressive: true, mixOff: 0 })[0],
  ).toEqual({
    until: 0.35,
    fedSize: { height: 48, width: 72 },
  });
});

it("leaves out sizes that are too small", () => {
  expect(planStages(size(48), noAugmentation, { progressive: true, mixOff: 0 })).toEqual([
    { until: 0.7, fedSize: { height: 40, width: 40 } },
    { until: 1 },
  ]);
  expect(planStages(size(28), noAugmentation, { progressive: true, mixOff: 0 })).toEqual([{ until: 1 }]);
});

it("ends without mixing, also within a stage", () => {
  expect(planStages(size(64), mixing, { progressive: false, mixOff: 0.2 })).toEqual([
    { until: 0.8 },
    { until: 1, augmentation: unmixed },
  ]);
  const fedSize = { height: 48, width: 48 };
  expect(planStages(size(64), mixing, { progressive: true, mixOff: 0.5 })).toEqual([
    { until: 0.35, fedSize: { height: 32, width: 32 } },
    { until: 0.5, fedSize },
    { until: 0.7, fedSize, augmentation: unmixed },
    { until: 1, augmentation: unmixed },
  ]);
  expect(planStages(size(64), mixing, { progressive: false, mixOff: 1 })).toEqual([
    { until: 1, augmentation: unmixed },
  ]);
});
