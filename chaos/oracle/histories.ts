import { createHash } from 'node:crypto';
import type { Message } from '../../lambda/mail/message.ts';
import type { Mail } from '../mails/mail.ts';
import type { QueueMessage } from '../world/queue.ts';
import { messageDiffers } from './content.ts';
import { emptyHistory, type History } from './history.ts';

/** Histories of all submissions of a run. Finds the history of a submission by a queue message, by a call, by a handle or by an id. */
export class Histories {
  private readonly all = new Map<string, History>();
  private readonly byBody: ReadonlyMap<string, Mail>;
  private readonly byId = new Map<string, History[]>();
  private readonly byHandle = new Map<string, History>();
  /** Histories by the id of a queue message: the message of a producer, or a redriven message. A redrive gives the message a new id. */
  private readonly byMessage = new Map<string, History>();

  constructor(mails: readonly Mail[]) {
    this.byBody = new Map(mails.map((mail) => [mail.body, mail]));
  }

  [Symbol.iterator](): IterableIterator<History> {
    return this.all.values();
  }

  /** Returns the history of the submission to which a queue message belongs; undefined if no producer wrote the body of the message. */
  ofMessage({ id, body, attributes }: Pick<QueueMessage, 'id' | 'body' | 'attributes'>): History | undefined {
    const mail = this.byBody.get(body);
    return mail && (this.byMessage.get(id) ?? this.open(mail, mail.id ?? attributes['SubmissionId'] ?? id));
  }

  /**
   * Returns the history of the submission to which a call belongs; undefined for an unknown id. If several submissions have the id,
   * the content of the mail decides between them.
   */
  ofCall(message: Message): History | undefined {
    const list = this.ofId(message.id);
    return list.length > 1 ? (list.find((one) => !messageDiffers(one, message)) ?? list[0]) : list[0];
  }

  ofHandle(handle: string): History | undefined {
    return this.byHandle.get(handle);
  }

  ofId(id: string): readonly History[] {
    return this.byId.get(id) ?? [];
  }

  /** Registers that the queue message with this id belongs to the submission of this history. */
  follow(messageId: string, history: History): void {
    this.byMessage.set(messageId, history);
  }

  private open(mail: Mail, id: string): History {
    const key = `${mail.index} ${id}`;
    const known = this.all.get(key);
    if (known) return known;
    const history = emptyHistory(mail, id);
    this.all.set(key, history);
    this.byId.set(id, [...this.ofId(id), history]);
    this.byHandle.set(handleOf(id), history);
    return history;
  }
}

/** Returns the handle with which look-ups at a provider find the attempts of a submission: the SHA-256 of the id. */
function handleOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url');
}
