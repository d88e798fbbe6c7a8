/** The thread that reads one bundle: nothing of a file from outside is decoded on the event loop. */

import { sha256 } from "../base/hash.ts";
import { answerThread } from "../base/threads/answer-thread.ts";
import { expandComposites } from "../graph/lower.ts";
import { encodeModel } from "../graph/onnx/encode.ts";
import { signatureOf } from "../runtime/executor.ts";
import { parityQuestions, readBundle } from "./load-bundle.ts";
import type { BundleReading, BundleToRead } from "./read-in-thread.ts";

answerThread<BundleToRead, BundleReading>(async ({ bytes, where, embedding = false }) => {
  const { info, graph } = readBundle(bytes, where, { embedding });
  const questions = [...parityQuestions(info)];
  const model = { bytes: encodeModel(expandComposites(graph)), signature: signatureOf(graph) };
  const answer = { info, model, questions, bytes, sha256: sha256(bytes) };
  return {
    answer,
    transfer: [bytes, model.bytes, ...questions.map(({ pixels }) => pixels)].map(({ buffer }) => buffer),
  };
});
