import type { FastifyInstance } from 'fastify';
import { defined } from '../../lambda/platform/defined.ts';
import { isoTime } from '../../lambda/platform/iso-time.ts';
import type { Table } from '../../lambda/platform/table.ts';
import { readPaused } from '../../lambda/reputation/paused-classes.ts';
import { readRecord } from '../../lambda/submission/ledger.ts';
import { countOf } from '../../lambda/submission/log.ts';
import { logOf, recordKey, type SubmissionRecord } from '../../lambda/submission/record.ts';
import { standingOf } from '../../lambda/submission/standing.ts';
import type { ReadDeliveries, ShownDeliveries } from './deliveries.ts';
import { ApiError, limitOf } from './error.ts';
import type { LoggedSkip, LoggedSubmission, Queued, SubmissionLog } from './submission-log.ts';

/** States of a submission in the API. */
const STATES = ['accepted', 'waiting', 'dead', 'suppressed', 'in-flight'] as const;
export type SubmissionState = (typeof STATES)[number];

/** Sources of the routes; undefined while the stack starts. */
export interface SubmissionSources {
  /** The state table. */
  state(): Table | undefined;
  submissions(): SubmissionLog | undefined;
  /** Undefined if no provider has delivery events. */
  deliveries(): ReadDeliveries | undefined;
}

/** A submission as the ledger and the queues know it; at least one of them does. */
interface Known {
  readonly id: string;
  readonly record?: SubmissionRecord | undefined;
  readonly logged?: LoggedSubmission | undefined;
  /** Names of the paused classes. */
  readonly paused?: ReadonlySet<string>;
}

/**
 * The state at `now` (epoch milliseconds). `in-flight`: a worker has claimed it; `suppressed`: it has ended and no
 * recipient was served, since none may be mailed. Without a record no worker has claimed it.
 */
export function stateOf({ record, logged }: Omit<Known, 'id'>, now: number): SubmissionState {
  if (record === undefined) return logged?.deadLetter ? 'dead' : 'waiting';
  // SQS itself moves a message that was received too often, and the record does not know.
  if (record.state === 'open' && logged?.deadLetter) return 'dead';
  const standing = standingOf(record, now);
  return standing === 'lost' ? 'waiting' : standing;
}

/** A submission in the list; times as ISO 8601. */
function summary({ id, record, logged, paused }: Known): object {
  const state = stateOf({ record, logged }, Date.now());
  const { class: kind, subject, recipients, at, nextTryAt, deadLetter } = logged ?? {};
  const reason = record?.reason ?? deadLetter?.reason;
  const accepting = (record?.attempts ?? []).filter(({ outcome }) => outcome === 'accepted');
  const acceptedBy = [...new Set(accepting.map(({ provider }) => provider))];
  return {
    id,
    state,
    firstSeen: isoTime(record?.firstSeen ?? at ?? 0),
    ...(acceptedBy.length > 0 && { acceptedBy }),
    ...defined({ class: kind, recipients, subject }),
    ...(state === 'waiting' && kind !== undefined && paused?.has(kind) && { reason: CLASS_PAUSED }),
    ...(state === 'waiting' && nextTryAt !== undefined && { nextTryAt: isoTime(nextTryAt) }),
    ...(state === 'dead' && defined({ reason, detail: deadLetter?.detail })),
  };
}

/** Why a submission waits, although a provider could be tried. */
const CLASS_PAUSED = 'class-paused';

async function pausedIn(table: Table | undefined): Promise<ReadonlySet<string>> {
  return new Set(table ? Object.keys((await readPaused(table)).paused) : []);
}

/** Body of `GET /api/submissions/ID`. */
function view(known: Known, news: ShownDeliveries): object {
  const { record, logged } = known;
  const { hash, origin, lease, attempts = [], done = [] } = record ?? {};
  return {
    ...summary(known),
    ...(hash !== undefined && { hash, messageId: origin }),
    ...defined({ inFlightUntil: lease && isoTime(lease.until) }),
    attempts: withSkips(attempts, logged?.skips ?? []),
    attemptCount: record ? countOf(logOf(record)) : 0,
    done,
    ...news,
  };
}

/** Attempts in order, each after the providers that were skipped before it. */
function withSkips(attempts: SubmissionRecord['attempts'], skips: readonly LoggedSkip[]): readonly object[] {
  const begunAt = (number: number | undefined) => attempts.find((one) => one.number === number)?.begun;
  const shown = [
    ...skips.map(({ provider, reason, at, before }) => {
      const begun = begunAt(before) ?? at;
      return { provider, begun, outcome: 'skipped', reason };
    }),
    ...attempts,
  ];
  // Sorting is stable: of equal times, the skips come first.
  return shown
    .toSorted((a, b) => a.begun - b.begun)
    .map((one) => ({
      ...one,
      begun: isoTime(one.begun),
      ...('ended' in one && one.ended !== undefined && { ended: isoTime(one.ended) }),
    }));
}

/** Keys of one read of the table. */
const MOST_KEYS = 100;
const DEFAULT_LIMIT = 50;
const MOST_LISTED = 1_000;

type Query = Readonly<Record<'query' | 'state' | 'class' | 'provider' | 'limit' | 'before', string | undefined>>;

/** Body of `GET /api/submissions`: newest first, filtered; `before` is the id of the last one of the page before. */
async function list(query: Query, table: Table, log: SubmissionLog): Promise<readonly object[]> {
  const [found, paused] = await Promise.all([find(query, table, log), pausedIn(table)]);
  return found.map((one) => summary({ ...one, paused }));
}

async function find(query: Query, table: Table, log: SubmissionLog): Promise<readonly Known[]> {
  const { state, provider, before } = query;
  const limit = limitOf(query.limit, DEFAULT_LIMIT, MOST_LISTED);
  if (state !== undefined && !STATES.some((one) => one === state))
    throw new ApiError(400, `state is ${JSON.stringify(state)}; it must be one of ${STATES.join(', ')}.`);
  if (before !== undefined && log.get(before) === undefined)
    throw new ApiError(400, `before is ${JSON.stringify(before)}; it must be the id of a submission in the list.`);
  const queued = state === undefined ? undefined : log.queued();
  const isWanted = (one: LoggedSubmission) => matches(one, query) && mayBe(query, one, queued);
  const found: Known[] = [];
  // Without these filters every record that is read is a found one.
  const step = state === undefined && provider === undefined ? Math.min(limit, MOST_KEYS) : MOST_KEYS;
  for (const some of inGroups(log.newestFirst(before), isWanted, step)) {
    const records = await table.getAll(some.map(({ id }) => recordKey(id)));
    const now = Date.now();
    for (const logged of some) {
      const record = records.get(recordKey(logged.id)) as SubmissionRecord | undefined;
      if (state !== undefined && stateOf({ record, logged }, now) !== state) continue;
      if (provider !== undefined && !record?.attempts.some((one) => one.provider === provider)) continue;
      found.push({ id: logged.id, record, logged });
    }
    if (found.length >= limit) break;
  }
  return found.slice(0, limit);
}

/** The wanted members in groups of a size, each found only when it is asked for. */
function* inGroups<T>(all: Iterable<T>, isWanted: (one: T) => boolean, size: number): Generator<readonly T[]> {
  let group: T[] = [];
  for (const one of all) {
    if (isWanted(one)) group.push(one);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

/**
 * Whether a submission can match by the queues and the log, so that few records have to be read; without a state the queues
 * do not matter.
 */
function mayBe(
  { state, provider }: Query,
  { id, deadLetter, isAccepted, providers }: LoggedSubmission,
  queued: Queued | undefined,
): boolean {
  if (provider !== undefined && providers && !providers.includes(provider)) return false;
  if (queued === undefined) return true;
  switch (state as SubmissionState | undefined) {
    case undefined:
      return true;
    case 'dead':
      return deadLetter !== undefined;
    case 'waiting':
      return queued.all.has(id);
    case 'in-flight':
      return queued.received.has(id);
    case 'accepted':
      return deadLetter === undefined && !queued.all.has(id);
    case 'suppressed':
      return deadLetter === undefined && !queued.all.has(id) && !isAccepted;
  }
}

/** Whether a text is in the id, a recipient or the subject, in any case, and the class is the wanted one. */
function matches({ id, subject = '', recipients, class: kind }: LoggedSubmission, query: Query): boolean {
  if (query.class !== undefined && kind !== query.class) return false;
  const text = query.query?.toLowerCase() ?? '';
  return [id, subject, ...recipients].some((one) => one.toLowerCase().includes(text));
}

/** Adds `GET /api/submissions`, `GET /api/submissions/ID` and `POST /api/submissions/ID/resend`; an id may hold slashes. */
export function addSubmissions(app: FastifyInstance, sources: SubmissionSources): void {
  const find = async (id: string): Promise<Known> => {
    const table = sources.state();
    const [record, paused] = await Promise.all([table && readRecord(table, id), pausedIn(table)]);
    const logged = sources.submissions()?.get(id);
    if (record || logged) return { id, record, logged, paused };
    throw new ApiError(404, `There is no submission ${JSON.stringify(id)}; GET /api/submissions?query=… finds others.`);
  };
  app.get<{ Querystring: Query }>('/api/submissions', async ({ query }) => {
    const table = sources.state();
    const log = sources.submissions();
    return table && log ? list(query, table, log) : [];
  });
  app.get<{ Params: { '*': string } }>('/api/submissions/*', async ({ params }) => {
    const known = await find(params['*']);
    const news = await sources.deliveries()?.(known.id, known.logged?.recipients ?? []);
    return view(known, news ?? { events: [], deliveries: [] });
  });
  app.post<{ Params: { '*': string } }>('/api/submissions/*', async ({ params }, reply) => {
    const path = params['*'];
    if (!path.endsWith(RESEND)) throw new ApiError(404, `There is no POST /api/submissions/${path} here.`);
    const id = path.slice(0, -RESEND.length);
    const state = stateOf(await find(id), Date.now());
    if (state !== 'dead') throw new ApiError(409, `This submission is ${state}; only a dead one can be sent again.`);
    if (!sources.submissions()?.redrive(id))
      throw new ApiError(409, 'This submission is no longer on the dead-letter queue, or a consumer has received it.');
    return reply.code(202).send({ id });
  });
}

const RESEND = '/resend';
