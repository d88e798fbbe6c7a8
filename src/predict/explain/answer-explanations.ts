/** The other side of `openExplainerThread`. */
import { answerThread } from "../../base/threads/answer-thread.ts";
import { readBundle } from "../../bundle/load-bundle.ts";
import type { Recipe } from "../../image/recipe.ts";
import type { Executor } from "../../runtime/executor.ts";
import { createExplainer, drawHeatMap, type Explainer } from "./explain.ts";
import type { ExplainAnswer, ExplainQuestion } from "./explainer-thread.ts";

/** Answers this thread's questions with the engine that it is given. */
export function answerExplanations(openEngine: () => Promise<Executor>): void {
  let opened: { readonly explainer: Explainer; readonly recipe: Recipe } | undefined;
  const answer = async (question: ExplainQuestion): Promise<ExplainAnswer> => {
    if (question.kind === "open") {
      const { bytes, where } = question.bundle;
      const { info, graph } = readBundle(bytes, where);
      opened = { explainer: await createExplainer(graph, info, await openEngine()), recipe: info.recipe };
      return undefined;
    }
    const { explainer, recipe } = opened!; // the bundle is the first question
    if (question.kind === "explain") return explainer.explain(question.pixels, question.classIndex);
    return drawHeatMap(question.picture, recipe, question.heat, question.caption);
  };
  answerThread<ExplainQuestion, ExplainAnswer>(
    async (question) => ({ answer: await answer(question) }),
    async () => opened?.explainer.close(),
  );
}
