/** The thread of a service that explains predictions. */
import { answerExplanations } from "../predict/explain/answer-explanations.ts";
import { predictionEngine } from "./engines.ts";

answerExplanations(() => predictionEngine({ threads: 1 }));
