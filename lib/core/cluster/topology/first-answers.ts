import { timerDelay } from '../../timer-delay.js';

/** How those who are asked are asked. */
export interface Asking {
  /** So many at once to begin with. */
  readonly width: number;
  /** ms without an answer after which one more is asked. */
  readonly patience: number;
  /** ms after the first answer for which those under way are waited for. */
  readonly grace: number;
  /** So many are asked at the most; where these are silent, one more for each {@link SILENCE}. Default: all. */
  readonly most?: number;
}

/** ms. Who says nothing, not even no, is not held down by being asked; and others may be well. */
const SILENCE = 1_000;

/** Why one of them has not answered. */
export interface Refusal<Candidate> {
  readonly candidate: Candidate;
  readonly error: Error;
}

/**
 * Asks one after the other, some at once, until one has answered; gives the answers that there are by then. Empty where none has.
 *
 * @param refusals gets those who did not answer, and why.
 */
export function firstAnswers<Candidate, Answer>(
  candidates: readonly Candidate[],
  ask: (candidate: Candidate) => Promise<Answer>,
  { width, patience, grace, most = Infinity }: Asking,
  refusals: Refusal<Candidate>[],
): Promise<Answer[]> {
  return new Promise((resolve) => {
    const answers: Answer[] = [];
    let next = 0;
    let underWay = 0;
    let timer: NodeJS.Timeout | undefined;
    const end = (): void => {
      clearTimeout(timer);
      resolve(answers);
    };
    const askNext = (): void => {
      const candidate = candidates[next];
      if (candidate === undefined || answers.length > 0) return;
      next++;
      underWay++;
      ask(candidate).then(
        (answer) => {
          underWay--;
          answers.push(answer);
          if (underWay === 0) end();
          else if (answers.length === 1) {
            clearTimeout(timer);
            timer = setTimeout(end, timerDelay(grace));
          }
        },
        (error: Error) => {
          underWay--;
          refusals.push({ candidate, error });
          if (answers.length === 0 && next < most) askNext();
          if (underWay === 0) end();
        },
      );
    };
    const plan = (): void => {
      if (next < candidates.length) timer = setTimeout(hurry, timerDelay(next < most ? patience : SILENCE));
    };
    const hurry = (): void => {
      askNext();
      if (answers.length === 0) plan();
    };
    for (let nth = 0; nth < width; nth++) askNext();
    if (underWay === 0) end();
    else plan();
  });
}
