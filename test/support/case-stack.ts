import { type Message, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { givenStack, type RunningStack } from './running-stack.ts';

/** Keys of the default list, by type. */
export const KEYS = { postmark: 'postmark', mailgun: 'mailgun', ses: 'ses', smtp: 'own-mta' } as const;

export type Type = keyof typeof KEYS;

/** Fields of an accepted mail that tests of composed mail use. */
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

/** State of a submission after its first round, and its accepted mails. */
export interface Ending {
  readonly end: 'done' | 'dead' | 'open';
  /** Attributes of the dead letter; empty without a dead letter. */
  readonly reason: string;
  readonly detail: string;
  readonly done: readonly number[];
  /** Keys of the providers that were called, in order. */
  readonly called: readonly string[];
  readonly taken: readonly Taken[];
}

/** A running stack for submissions in sequence. */
export interface CaseStack {
  readonly stack: RunningStack;
  /** Sends a body unchanged; returns the id of the submission. */
  sendBody(body: string): Promise<string>;
  /** Sends a submission with a new id. */
  send(submission: object): Promise<string>;
  ending(id: string): Promise<Ending>;
  hits(type: Type, place?: number): Promise<number>;
  circuit(type: Type): Promise<string | undefined>;
}

interface Attempt {
  readonly provider: string;
  readonly ended?: string;
  readonly outcome?: string;
}

/** Starts a stack for cases; `app`: a CDK app other than bin/mailover.ts. */
export async function givenCases(app?: string): Promise<CaseStack> {
  const stack = await givenStack(60, app);
  const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
  const sqs = new SQSClient({ endpoint: stack.info.endpoints.aws, region: 'us-east-1', credentials });
  const letters: Message[] = [];
  let count = 0;
  const read = async <T>(path: string): Promise<T> => (await (await fetch(new URL(path, stack.url))).json()) as T;
  const letterOf = (id: string) =>
    letters.find((one) => one.MessageAttributes?.['SubmissionId']?.StringValue === id)?.MessageAttributes;
  const sendBody = async (MessageBody: string) => {
    const { MessageId = '' } = await sqs.send(
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
        // An invalid submission is only on the dead-letter queue; waiting mail of an earlier case may end meanwhile.
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
    hits: async (type, place) => {
      const faults = [await read<{ hits: number } | { hits: number }[]>(`/api/providers/${KEYS[type]}/fault`)].flat();
      return place === undefined ? faults.reduce((sum, { hits }) => sum + hits, 0) : (faults[place]?.hits ?? 0);
    },
    circuit: async (type) => {
      const circuits = await read<{ provider: string; state: string }[]>('/api/circuits');
      return circuits.find(({ provider }) => provider === KEYS[type])?.state;
    },
  };
}

/** Restricts a submission to these types, in this order. */
export function only(types: readonly Type[]): { readonly providers: { readonly only: readonly string[] } } {
  return { providers: { only: types.map((type) => KEYS[type]) } };
}
