import { createHash } from 'node:crypto';
import type { DeliveryEvent } from '../contract/event.ts';
import type { Clock } from '../platform/clock.ts';
import type { ListItem, ListTable } from '../platform/list-table.ts';
import { type Speed, stackTime } from '../platform/stack-time.ts';
import { placeOf } from '../tally/counts.ts';
import type { ClassCounts, HourOfClasses, Unwanted } from './limits.ts';

/** Lifetime of the items: a day longer than they are judged. */
const KEEP_S = 8 * 24 * 3_600;

/** List of one hour of stack time since 1970: accepted mail by process, bounces and complaints by recipient. */
const listOf = (hour: number) => `classes/${hour}`;

/** Dependencies of the lists of hours. */
export interface HoursContext extends Speed {
  readonly clock: Pick<Clock, 'now'>;
}

/** The hour of stack time since 1970 at a time of the clock. */
export function hourOf(now: number, speed: Speed): number {
  return placeOf(stackTime(now, speed)).hour;
}

/**
 * Writes how many recipients of a class one process has reached in an hour, in place of its last count: no process changes
 * the item of another, so that they do not get in each other's way.
 */
export async function writeAccepted(
  lists: Pick<ListTable, 'put'>,
  { hour, process, name, mails }: { hour: number; process: string; name: string; mails: number },
  now: number,
): Promise<void> {
  await lists.put({ pk: listOf(hour), sk: `mails/${process}/${name}`, count: mails, expires: expiry(now) });
}

/** Notes recipients that bounced hard or complained, for the rates of their class. */
export type NoteUnwanted = (event: DeliveryEvent, recipient: string | undefined) => Promise<void>;

/**
 * Notes each recipient of a submission once an hour, so that copies of an event count once. Mail without a class has no
 * rate of its own.
 */
export function unwantedNotes(lists: Pick<ListTable, 'add'>, context: HoursContext): NoteUnwanted {
  return async (event, recipient) => {
    const { class: name, submissionId } = event;
    const of = unwantedBy(event);
    if (of === undefined || name === undefined || submissionId === undefined || recipient === undefined) return;
    const now = context.clock.now();
    const id = createHash('sha256').update(`${submissionId}\0${recipient}`).digest('base64url');
    const place = { pk: listOf(hourOf(now, context)), sk: `${of}/${id}/${name}` };
    await lists.add({ ...place, provider: event.provider, expires: expiry(now) });
  };
}

/** Hard bounces and complaints, as the vendors count; a block or a full mailbox is none. */
function unwantedBy({ type, bounce }: DeliveryEvent): Unwanted | undefined {
  if (type === 'bounced' && bounce === 'hard') return 'bounces';
  return type === 'complained' ? 'complaints' : undefined;
}

/** The counts of one hour. */
export async function readHour(lists: Pick<ListTable, 'list'>, hour: number): Promise<HourOfClasses> {
  const classes = new Map<string, Map<string, ClassCounts>>();
  for (const { sk, count, provider } of await lists.list(listOf(hour))) {
    const { of, name } = placeIn(sk);
    const by = of === 'mails' ? '' : String(provider);
    const counts = classes.get(name) ?? new Map<string, ClassCounts>();
    const known = counts.get(by) ?? { mails: 0, bounces: 0, complaints: 0 };
    classes.set(name, counts.set(by, { ...known, [of]: known[of] + (of === 'mails' ? Number(count) : 1) }));
  }
  return classes;
}

/** A name may have slashes. */
function placeIn(sk: ListItem['sk']): { readonly of: keyof ClassCounts; readonly name: string } {
  const [of, id = ''] = sk.split('/');
  return { of: of as keyof ClassCounts, name: sk.slice(`${of}/${id}/`.length) };
}

function expiry(now: number): number {
  return Math.floor(now / 1000) + KEEP_S;
}
