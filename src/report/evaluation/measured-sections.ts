/** What was measured of a model: the sections that the pages of evaluations and of trainings share. */
import type { PageSection } from "../page/page.ts";
import { classesSection, confusionSection } from "./classes.ts";
import { calibrationSection, curvesSection, thresholdsSection } from "./confidence.ts";
import { cellsSection } from "./confusion-gallery.ts";
import type { EvaluationFacts } from "./facts.ts";
import { slicesSection, wrongSection } from "./mistakes.ts";

/** In their order; undefined in the place of what could not be measured. */
export async function measuredSections(facts: EvaluationFacts): Promise<readonly (PageSection | undefined)[]> {
  const { figures } = facts;
  return [
    await confusionSection(figures),
    classesSection(figures),
    wrongSection(figures, facts),
    cellsSection(figures, facts),
    slicesSection(figures),
    await calibrationSection(figures),
    await thresholdsSection(figures),
    await curvesSection(figures),
  ];
}
