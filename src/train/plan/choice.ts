/** What a plan decides: the value of each setting, and why. */
import type { TrainSettings } from "./train-config.ts";

type SettingKey = keyof TrainSettings;

/** Values as settings take them; the size of pictures that are not square has both sides. */
type ChoiceValues = Omit<Required<TrainSettings>, "size"> & {
  readonly size: number | { readonly width: number; readonly height: number };
};

/** The value of one setting. */
export interface Choice {
  readonly key: SettingKey;
  readonly value: ChoiceValues[SettingKey];
  /** The setting's name for people: "batch size". */
  readonly label: string;
  /** "given", or why this value. */
  readonly reason: string;
}

/** Where the key in words would mislead. */
const labels: { readonly [Key in SettingKey]?: string } = {
  averageSteps: "averaged weights",
  progressive: "progressive resizing",
};

export class Choices {
  readonly all: Choice[] = [];
  readonly #settings: TrainSettings;

  /** A value that these settings give has the reason "given". */
  constructor(settings: TrainSettings) {
    this.#settings = settings;
  }

  /** `reason` says why this value where it was not given. */
  add<Key extends SettingKey>(key: Key, value: ChoiceValues[Key], reason: string): void {
    const label = labels[key] ?? key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
    this.all.push({ key, value, label, reason: this.#settings[key] === undefined ? reason : "given" });
  }
}
