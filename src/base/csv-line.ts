/** Lines of CSV files. */

/**
 * One line of a CSV file, CRLF included, quoted as RFC 4180 asks: fields with a comma, a quote or a
 * line break. A text that a spreadsheet would run as a formula gets an apostrophe before it; names
 * of files come from anywhere. Source: OWASP, CSV Injection.
 */
export function csvLine(fields: readonly string[]): string {
  const plain = fields.map((field) =>
    /^[=+\-@\t\r\n＝＋－＠]/.test(field) && Number.isNaN(Number(field)) ? `'${field}` : field,
  );
  return `${plain.map(csvField).join(",")}\r\n`;
}

/** A field, quoted where that is needed; without the apostrophe, for what a program reads back. */
export function csvField(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/** A field as it was before `csvLine` put an apostrophe before it. */
export function withoutFormulaGuard(field: string): string {
  return /^'[=+\-@\t\r\n＝＋－＠]/.test(field) ? field.slice(1) : field;
}
