/** The other side of `openThread`: a thread that answers questions, one after another. */
import { parentPort, type Transferable } from "node:worker_threads";
import { AppError, type ErrorDetail } from "../errors.ts";

/** An error as it goes from a thread to the one that asked. */
export interface PlainError {
  readonly message: string;
  /** Of an AppError. */
  readonly code?: string;
  readonly detail?: ErrorDetail;
}

/** What a thread says about the question with this id: the answer, or the error. */
export interface ThreadAnswer<Answer> {
  readonly id: number;
  readonly answer?: Answer;
  readonly error?: PlainError;
}

type Message<Question> = "close" | { readonly id: number; readonly question: Question };

/**
 * Answers each question in the order of arrival; the answer's `transfer` goes without a copy.
 * `close` is called once, when nothing more will be asked.
 */
export function answerThread<Question, Answer>(
  answer: (question: Question) => Promise<{ readonly answer: Answer; readonly transfer?: readonly Transferable[] }>,
  close: () => Promise<void> = async () => {},
): void {
  const port = parentPort!; // this module runs in threads alone
  let last: Promise<void> = Promise.resolve();
  const reply = async ({ id, question }: Exclude<Message<Question>, "close">): Promise<void> => {
    try {
      const { answer: given, transfer = [] } = await answer(question);
      port.postMessage({ id, answer: given } satisfies ThreadAnswer<Answer>, [...transfer]);
    } catch (error) {
      port.postMessage({ id, error: plain(error) } satisfies ThreadAnswer<Answer>);
    }
  };
  port.on("message", (message: Message<Question>) => {
    last = last.then(() => (message === "close" ? close().finally(() => port.close()) : reply(message)));
  });
}

function plain(error: unknown): PlainError {
  if (!(error instanceof AppError)) return { message: error instanceof Error ? error.message : String(error) };
  const { message, code, required, received, where, hint } = error;
  const detail = {
    required,
    ...(received !== undefined && { received }),
    ...(where !== undefined && { where }),
    ...(hint !== undefined && { hint }),
  };
  return { message, code, detail };
}
