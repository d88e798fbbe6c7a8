/** The MLflow server that the interop tests share. */
import { inject } from "vitest";

/**
 * Its address; the first caller waits for its start. Other files use it at the same time: experiments
 * and models have names of their own. Errors: where it does not start, with what it printed.
 */
export async function sharedMlflow(): Promise<string> {
  const answer = await fetch(inject("mlflowStarter"));
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return text;
}
