/** What a plan says of itself: each setting, the value it has, and why. */

/** One decision, for people. */
export interface Choice {
  readonly setting: string;
  readonly value: string;
  /** `given`, or why this value. */
  readonly reason: string;
}

/** Collects choices; those for which somebody gave a value are noted as given. */
export function createNotes() {
  const all: Choice[] = [];
  return {
    all,
    add(setting: string, value: string, given: unknown, reason: string): void {
      all.push({ setting, value, reason: given === undefined ? reason : "given" });
    },
  };
}
