/** Whether a request's Accept header asks for JSON rather than plain text. */

/**
 * True where `application/json` is named and no less welcome than `text/plain`; of two that are as
 * welcome the first counts. A range such as any type at all asks for neither. Source: RFC 9110, 12.5.1.
 */
export function wantsJson(accept: string | undefined): boolean {
  let [json, text] = [0, 0];
  let isJsonFirst = false;
  for (const range of (accept ?? "").toLowerCase().split(",")) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim());
    const quality = Number(parameters.find((one) => one.startsWith("q="))?.slice(2) ?? 1);
    if (type === "application/json") {
      json = quality;
      isJsonFirst = text === 0;
    } else if (type === "text/plain") text = quality;
  }
  return json > 0 && (json > text || (json === text && isJsonFirst));
}
