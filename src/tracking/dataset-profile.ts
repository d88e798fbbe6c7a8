/** MLflow's profile and source of a dataset: JSON that any program may have written. */

/** How many rows a profile says; undefined where it says none. */
export function profileRows(profile: string | undefined): number | undefined {
  const digits = /"num_rows":\s*(\d{1,15})[,}\s]/.exec(profile ?? "")?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The address in a source, `{"uri": "/data/pets"}`; else the source itself. */
export function sourceAddress(source: string): string {
  const text = /^\s*\{\s*"uri":\s*("(?:[^"\\]|\\.){0,4096}")\s*\}\s*$/.exec(source)?.[1];
  try {
    return text === undefined ? source : String(JSON.parse(text));
  } catch {
    return source;
  }
}
