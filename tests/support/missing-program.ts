/** Whether a program that a test needs is there, and what the test's title says where it is not. */
import { execFileSync } from "node:child_process";

/** Why a program cannot be run, or undefined where it can. */
export function missingProgram(name: string, args: readonly string[]): string | undefined {
  try {
    execFileSync(name, args, { stdio: "ignore" });
    return undefined;
  } catch {
    return `${name} is not there`;
  }
}

/** For the title of a test that is skipped for a reason. */
export const because = (reason: string | undefined): string => (reason === undefined ? "" : ` (skipped: ${reason})`);
