import { type Message, SendMessageCommand } from '@aws-sdk/client-sqs';
import { givenStack, type RunningStack } from './running-stack.ts';

/** Keys of the providers of bin/mailover.ts, by provider type. */
export const KEYS = { postmark: 'postmark', mailgun: 'mailgun', ses: 'ses', smtp: 'own-mta' } as const;

export type Type = keyof typeof KEYS;

/** An accepted mail: the fields of an entry of `GET /api/accepted` that the tests of composed mail use. */
export interface Taken {
  readonly provider: string;
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
  readonly headers: readonly (readonly [string, string])[];
  readonly text?: string;
  readonly html?: string;
  readonly attachments: readonly { readonly filename?: string; readonly contentType: string; readonly size: number }[];
  readonly tracking?: { readonly opens?: boolean; readonly clicks?: boolean };
  readonly rawBase64: string;
}

/**
 * Result of a submission after the sender has processed it for the first time, with the mails that providers accepted. `open`:
 * the submission waits for another try.
 */
export interface Ending {
  readonly end: 'done' | 'dead' | 'open';
  /** `reason`, `detail` and `done` are attributes of the dead letter. They are empty if there is no dead letter. */
  readonly reason: string;
  readonly detail: string;
  readonly done: readonly number[];
  /** Keys of the providers that the sender called, in the order of the calls. */
  readonly called: readonly string[];
  readonly taken: readonly Taken[];
}

/** A running local stack, and functions for tests that send one submission after the other. */
export interface CaseStack {
  readonly stack: RunningStack;
  /**
   * Sends a queue message with this body, unchanged. Returns the id of the SQS message, which is the id of a submission whose
   * body has no id.
   */
  sendBody(body: string): Promise<string>;
  /** Sends a submission with a new id. */
  send(submission: object): Promise<string>;
  ending(id: string): Promise<Ending>;
  hits(type: Type, place?: number): Promise<number>;
  circuit(type: Type): Promise<string | undefined>;
  /**
   * Repairs all faults, and waits until no submission waits or is in flight. A fault that is set afterwards applies to no earlier
   * mail.
   */
  settle(): Promise<void>;
}

interface Attempt {
  readonly provider: string;
  readonly ended?: string;
  readonly outcome?: string;
}

/** Starts a local stack for test cases. `app` is the path of a CDK app that is used in place of bin/mailover.ts. */
export async function givenCases(app?: string): Promise<CaseStack> {
  const stack = await givenStack(60, app);
  const letters: Message[] = [];
  let count = 0;
  const read = async <T>(path: string): Promise<T> => (await (await fetch(new URL(path, stack.url))).json()) as T;
  const letterOf = (id: string) =>
    letters.find((one) => one.MessageAttributes?.['SubmissionId']?.StringValue === id)?.MessageAttributes;
  const sendBody = async (MessageBody: string) => {
    const { MessageId = '' } = await stack.sqs.send(
      new SendMessageCommand({ QueueUrl: stack.info.queues.outbound, MessageBody }),
    );
    return MessageId;
  };
  return {
    stack,
    sendBody,
    send: async (submission) => {
      count += 1;
      const id = `case-${count}`;
      await sendBody(JSON.stringify({ ...submission, id }));
      return id;
    },
    ending: async (id) => {
      let attempts: readonly Attempt[] = [];
      let end: Ending['end'] | undefined;
      await stack.until(async () => {
        const found = await stack.submission(id);
        attempts = (found?.attempts ?? []) as readonly Attempt[];
        const { state, inFlightUntil } = { inFlightUntil: undefined, ...found };
        const isOver = attempts.length > 0 && attempts.every(({ ended }) => ended) && inFlightUntil === undefined;
        if (state === 'dead') end = 'dead';
        else if (state === 'accepted' || state === 'suppressed') end = 'done';
        else if (isOver) end = 'open';
        // The API does not know an invalid submission: it is only on the dead-letter queue. Mail of an earlier case that was
        // still waiting may arrive there too.
        else if (!found) letters.push(...(await stack.receiveLetters()));
        if (!found && letterOf(id)) end = 'dead';
        return end !== undefined;
      });
      if (end === 'dead')
        await stack.until(async () => {
          if (!letterOf(id)) letters.push(...(await stack.receiveLetters()));
          return letterOf(id) !== undefined;
        });
      const text = (name: string) => letterOf(id)?.[name]?.StringValue ?? '';
      return {
        end: end ?? 'open',
        reason: text('Reason'),
        detail: text('Detail'),
        done: text('Done').split(',').filter(Boolean).map(Number),
        called: attempts.map(({ provider }) => provider),
        taken: await read<Taken[]>(`/api/accepted?id=${encodeURIComponent(id)}`),
      };
    },
    hits: (type, place) => stack.hits(KEYS[type], place),
    circuit: async (type) => (await stack.circuits()).find(({ provider }) => provider === KEYS[type])?.state,
    settle: async () => {
      await stack.repairAll();
      const isEmpty = async (state: string) =>
        (await read<object[]>(`/api/submissions?state=${state}&limit=1`)).length === 0;
      await stack.until(async () => (await isEmpty('waiting')) && (await isEmpty('in-flight')));
    },
  };
}

/** Returns the fields of a submission that restrict it to the providers of these types, in this order. */
export function only(types: readonly Type[]): { readonly providers: { readonly only: readonly string[] } } {
  return { providers: { only: types.map((type) => KEYS[type]) } };
}
