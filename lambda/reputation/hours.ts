import { createHash } from 'node:crypto';
import type { DeliveryEvent } from '../contract/event.ts';
import type { Clock } from '../platform/clock.ts';
import type { ListItem, ListTable } from '../platform/list-table.ts';
import { type Speed, stackTime } from '../platform/stack-time.ts';
import { placeOf } from '../tally/counts.ts';
import type { ClassCounts, HourOfClasses, Unwanted } from './limits.ts';

/** Lifetime of the items in seconds: a day longer than the seven days whose rates are checked. */
const KEEP_S = 8 * 24 * 3_600;

/**
 * Returns the name of the list for one hour of stack time (on a local stack, time may run faster than the clock), counted in
 * hours since 1970. The list contains, for each process and class of mail, the number of recipients whose mail was accepted, and
 * an item for each recipient with a hard bounce or a complaint.
 */
const listOf = (hour: number) => `classes/${hour}`;

/** Clock, and speed of stack time (on a local stack, time may run faster than the clock). Both determine the hour to whose list an item is added. */
export interface HoursContext extends Speed {
  readonly clock: Pick<Clock, 'now'>;
}

/** Converts a time of the clock to the hour of stack time (on a local stack, time may run faster than the clock), counted in hours since 1970. */
export function hourOf(now: number, speed: Speed): number {
  return placeOf(stackTime(now, speed)).hour;
}

/**
 * Writes for how many recipients providers accepted mail of a class from one process in an hour; the number replaces the
 * process's last count. Each process has an item of its own, so that writes of several processes do not conflict.
 */
export async function writeAccepted(
  lists: Pick<ListTable, 'put'>,
  { hour, process, name, mails }: { hour: number; process: string; name: string; mails: number },
  now: number,
): Promise<void> {
  await lists.put({ pk: listOf(hour), sk: `mails/${process}/${name}`, count: mails, expires: expiry(now) });
}

/** Records a recipient with a hard bounce or a complaint, for the bounce and complaint rates of the mail's class. */
export type NoteUnwanted = (event: DeliveryEvent, recipient: string | undefined) => Promise<void>;

/**
 * Creates the function that records a recipient with a hard bounce or a complaint. Each recipient of a submission is recorded at
 * most once an hour for each kind of event, so that several events about one failure count only once. Mail without a class is not
 * recorded, since only classes of mail have rates.
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

/**
 * Returns whether an event counts as a bounce or as a complaint for the rates of e-mail providers; undefined for other events,
 * such as a block or a full mailbox.
 */
function unwantedBy({ type, bounce }: DeliveryEvent): Unwanted | undefined {
  if (type === 'bounced' && bounce === 'hard') return 'bounces';
  return type === 'complained' ? 'complaints' : undefined;
}

/** Reads the counts of one hour. */
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

/** Reads a sort key. The last part of the key is the name of the class of mail, which may contain slashes. */
function placeIn(sk: ListItem['sk']): { readonly of: keyof ClassCounts; readonly name: string } {
  const [of, id = ''] = sk.split('/');
  return { of: of as keyof ClassCounts, name: sk.slice(`${of}/${id}/`.length) };
}

function expiry(now: number): number {
  return Math.floor(now / 1000) + KEEP_S;
}
