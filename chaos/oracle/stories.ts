import { createHash } from 'node:crypto';
import type { Message } from '../../lambda/mail/message.ts';
import type { Mail } from '../mails/mail.ts';
import type { QueueMessage } from '../world/queue.ts';
import { messageDiffers } from './content.ts';
import { emptyStory, type Story } from './story.ts';

/** All submissions of a run, found by their messages and calls. */
export class Stories {
  private readonly all = new Map<string, Story>();
  private readonly byBody: ReadonlyMap<string, Mail>;
  private readonly byId = new Map<string, Story[]>();
  private readonly byHandle = new Map<string, Story>();
  /** Redriven messages: each is a new message of the same submission. */
  private readonly byMessage = new Map<string, Story>();

  constructor(mails: readonly Mail[]) {
    this.byBody = new Map(mails.map((mail) => [mail.body, mail]));
  }

  [Symbol.iterator](): IterableIterator<Story> {
    return this.all.values();
  }

  /** The story of a message; undefined for a body that no producer wrote. */
  ofMessage({ id, body, attributes }: Pick<QueueMessage, 'id' | 'body' | 'attributes'>): Story | undefined {
    const mail = this.byBody.get(body);
    return mail && (this.byMessage.get(id) ?? this.open(mail, mail.id ?? attributes['SubmissionId'] ?? id));
  }

  /** The story of a call: of several submissions with one id the one with this content; undefined for an unknown id. */
  ofCall(message: Message): Story | undefined {
    const list = this.ofId(message.id);
    return list.length > 1 ? (list.find((one) => !messageDiffers(one, message)) ?? list[0]) : list[0];
  }

  ofHandle(handle: string): Story | undefined {
    return this.byHandle.get(handle);
  }

  ofId(id: string): readonly Story[] {
    return this.byId.get(id) ?? [];
  }

  /** Registers a message as one of this submission. */
  follow(messageId: string, story: Story): void {
    this.byMessage.set(messageId, story);
  }

  private open(mail: Mail, id: string): Story {
    const key = `${mail.index} ${id}`;
    const known = this.all.get(key);
    if (known) return known;
    const story = emptyStory(mail, id);
    this.all.set(key, story);
    this.byId.set(id, [...this.ofId(id), story]);
    this.byHandle.set(handleOf(id), story);
    return story;
  }
}

/** Handle of every attempt for look-ups: SHA-256 of the id. */
function handleOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url');
}
