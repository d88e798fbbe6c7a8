/** Where a prediction log is: the path of a file, or the address of a PostgreSQL database. */

export function isServerAddress(location: string): boolean {
  return /^postgres(ql)?:\/\//.test(location);
}

export function withoutPassword(location: string): string {
  if (!URL.canParse(location)) return "postgres://…";
  const url = new URL(location);
  url.password = "";
  url.search = "";
  return url.href;
}
