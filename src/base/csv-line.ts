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
  const quoted = plain.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field));
  return `${quoted.join(",")}\r\n`;
}
