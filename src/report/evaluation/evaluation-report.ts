/**
 * The report of `pawprint evaluate`: one HTML file with a model's metrics, its mistakes and its
 * lineage.
 */
import { tilesHtml } from "../page/elements.ts";
import { type PageSection, renderPage } from "../page/page.ts";
import { learningSection } from "../training/learning-curves.ts";
import { comparisonSection } from "./comparison.ts";
import type { EvaluationFacts } from "./facts.ts";
import { measuredSections } from "./measured-sections.ts";
import { latencySection, lineageSection } from "./provenance.ts";
import { headlineHtml, keyFigures, leadHtml } from "./summary.ts";

export interface EvaluationReportOptions {
  /** Of Pawprint. */
  readonly version: string;
  readonly now: Date;
}

/** A whole HTML document that needs no other file. The same facts give the same text. */
export async function renderEvaluationReport(
  facts: EvaluationFacts,
  { version, now }: EvaluationReportOptions,
): Promise<string> {
  const sections: readonly (PageSection | undefined)[] = [
    { id: "overview", title: "Overview", body: tilesHtml(keyFigures(facts)) },
    comparisonSection(facts),
    ...(await measuredSections(facts)),
    await learningSection(facts.model.info.history, facts.model.info.evaluation.bestEpoch),
    latencySection(facts),
    lineageSection(facts),
  ];
  return renderPage({
    title: `Evaluation of ${facts.model.path}`,
    headline: headlineHtml(facts),
    lead: leadHtml(facts),
    sections: sections.filter((section) => section !== undefined),
    version,
    now,
  });
}
