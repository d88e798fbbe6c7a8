/** Results of the commands about data versions, as text. */
import { counted } from "../../base/quantity.ts";
import type { CheckedOut } from "../../versioning/workspace/checkout.ts";

/** A line for each output that changed. */
export function checkoutText(checkedOut: readonly CheckedOut[]): string {
  const lines = checkedOut.flatMap(({ path, added, modified, deleted }) => {
    const parts = [
      ...(added > 0 ? [`${added} added`] : []),
      ...(modified > 0 ? [`${modified} modified`] : []),
      ...(deleted > 0 ? [`${deleted} deleted`] : []),
    ];
    return parts.length === 0 ? [] : [`${path}: ${parts.join(", ")}`];
  });
  return lines.join("\n") || `${counted(checkedOut.length, "output")}, all as recorded`;
}
