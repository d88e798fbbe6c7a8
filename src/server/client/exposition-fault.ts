/** Whether a text is metrics in Prometheus' text format. */

const labels = String.raw`\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*\}`;
// Go's ParseFloat, which reads it, takes NaN and Inf in any case, and prom-client writes "Nan".
const sample = new RegExp(
  String.raw`^([a-zA-Z_:][\w:]*)(?:${labels})?[ \t]+(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?[iI][nN][fF]|[nN][aA][nN])(?:[ \t]+-?\d+)?[ \t]*$`,
);
const type = /^# TYPE [a-zA-Z_:][\w:]* (counter|gauge|histogram|summary|untyped)$/;

/**
 * What keeps it from being such a text; undefined for one that holds at least one sample. Source:
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function expositionFault(text: string): string | undefined {
  let samples = 0;
  for (const [at, line] of text.split("\n").entries()) {
    if (line.trim() === "" || (line.startsWith("#") && !line.startsWith("# TYPE "))) continue;
    if (line.startsWith("#") ? !type.test(line) : !sample.test(line)) {
      return `line ${at + 1} is not of Prometheus' text format: ${JSON.stringify(line.slice(0, 80))}`;
    }
    if (!line.startsWith("#")) samples += 1;
  }
  return samples > 0 ? undefined : "no metric";
}
