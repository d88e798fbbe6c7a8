/** What a training plan chose, and why, as rows for people. */
import { augmentationKeys } from "./augmentation-plan.ts";
import type { Choice } from "./choice.ts";

/** The settings of augmentation, flips excepted, share one row. */
const partKeys: ReadonlySet<Choice["key"]> = new Set(augmentationKeys.filter((key) => key !== "flip"));

export interface ChoiceRow {
  readonly label: string;
  /** The value with its unit. */
  readonly text: string;
  readonly reason: string;
}

/** A row for each setting: its name, its value, and why. */
export function choiceRows(choices: readonly Choice[]): readonly ChoiceRow[] {
  const parts = choices.filter(({ key }) => partKeys.has(key));
  return choices.flatMap((choice) => {
    const { label, reason } = choice;
    if (!parts.includes(choice)) return [{ label, text: valueText(choice), reason }];
    if (choice !== parts[0]) return [];
    const given = parts.find((part) => part.reason === "given") ?? choice;
    return [{ label: "augmentation", text: augmentationText(parts), reason: given.reason }];
  });
}

function valueText({ key, value }: Choice): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.join(", ");
  switch (key) {
    case "size":
      return typeof value === "object" && "width" in value
        ? `${value.width} x ${value.height} pixels`
        : `${value} x ${value} pixels`;
    case "channels":
      return value === 1 ? "1 (grey)" : "3 (colour)";
    case "accumulate":
      return `${value} batches`;
    case "averageSteps":
      return value === 0 ? "no" : `over ${value} steps`;
    default:
      return typeof value === "object" ? JSON.stringify(value) : `${value}`;
  }
}

/** What is in use: "shift 4 px, zoom 0.15". */
function augmentationText(parts: readonly Choice[]): string {
  const numberOf = (name: Choice["key"]): number => Number(parts.find(({ key }) => key === name)?.value);
  const whereAbove0 = (name: Choice["key"], text: string): readonly string[] => (numberOf(name) > 0 ? [text] : []);
  const plain = ["shear", "brightness", "contrast", "saturation", "hue", "erasing", "mixup", "cutmix"] as const;
  const texts = [
    ...(numberOf("crop") < 1 ? [`crop to ${numberOf("crop")} of the area`] : []),
    ...whereAbove0(
      "randAugment",
      `${numberOf("randAugment")} random changes of strength ${numberOf("randAugmentMagnitude")}`,
    ),
    ...whereAbove0("shiftPixels", `shift ${numberOf("shiftPixels")} px`),
    ...whereAbove0("zoom", `zoom ${numberOf("zoom")}`),
    ...whereAbove0("rotationDegrees", `rotation ${numberOf("rotationDegrees")} degrees`),
    ...plain.flatMap((name) => whereAbove0(name, `${name} ${numberOf(name)}`)),
  ];
  return texts.length === 0 ? "none" : texts.join(", ");
}
