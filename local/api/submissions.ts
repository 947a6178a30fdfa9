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

/** The states of a submission in the answers of the API. */
const STATES = ['accepted', 'waiting', 'dead', 'suppressed', 'in-flight'] as const;
export type SubmissionState = (typeof STATES)[number];

/** Sources of the data for the routes about submissions. While the stack starts, the methods return undefined. */
export interface SubmissionSources {
  /** Returns the state table, which contains the records of the submissions. */
  state(): Table | undefined;
  submissions(): SubmissionLog | undefined;
  /** Returns a function that reads delivery events; undefined if no provider has delivery events. */
  deliveries(): ReadDeliveries | undefined;
}

/** A submission with its record in the ledger and its entry in the log of submissions. At least one of the two is present. */
interface Known {
  readonly id: string;
  readonly record?: SubmissionRecord | undefined;
  readonly logged?: LoggedSubmission | undefined;
  /** Names of the paused classes of mail. */
  readonly paused?: ReadonlySet<string>;
}

/**
 * Returns the state of a submission at the time `now` in epoch milliseconds. `in-flight`: a worker has claimed the submission.
 * `suppressed`: the submission has ended without a mail, because all recipients are suppressed. `waiting`: the submission waits
 * on a queue; this includes a submission without a record, since no worker has claimed it yet.
 */
export function stateOf({ record, logged }: Omit<Known, 'id'>, now: number): SubmissionState {
  if (record === undefined) return logged?.deadLetter ? 'dead' : 'waiting';
  // If a message was received too often, the redrive policy of SQS moves it to the dead-letter queue. The record of the
  // submission is not changed by this.
  if (record.state === 'open' && logged?.deadLetter) return 'dead';
  const standing = standingOf(record, now);
  return standing === 'lost' ? 'waiting' : standing;
}

/** Returns a submission in the form in which the list of the API contains it. Times are in ISO 8601. */
function summary({ id, record, logged, paused }: Known): object {
  const state = stateOf({ record, logged }, Date.now());
  const { class: kind, subject, recipients, at, nextTryAt, deadLetter } = logged ?? {};
  const [isWaiting, isDead] = [state === 'waiting', state === 'dead'];
  const isPaused = isWaiting && kind !== undefined && paused?.has(kind);
  const accepting = (record?.attempts ?? []).filter(({ outcome }) => outcome === 'accepted');
  const acceptedBy = [...new Set(accepting.map(({ provider }) => provider))];
  return {
    id,
    state,
    firstSeen: isoTime(record?.firstSeen ?? at ?? 0),
    ...defined({
      acceptedBy: acceptedBy.length > 0 ? acceptedBy : undefined,
      class: kind,
      recipients,
      subject,
      reason: isPaused ? CLASS_PAUSED : isDead ? (record?.reason ?? deadLetter?.reason) : undefined,
      nextTryAt: isWaiting && nextTryAt !== undefined ? isoTime(nextTryAt) : undefined,
      detail: isDead ? deadLetter?.detail : undefined,
    }),
  };
}

/** Reason that the API returns for a submission that waits because its class of mail is paused. */
const CLASS_PAUSED = 'class-paused';

async function pausedIn(table: Table | undefined): Promise<ReadonlySet<string>> {
  return new Set(table ? Object.keys((await readPaused(table)).paused) : []);
}

/** Returns the body of the answer to `GET /api/submissions/ID`. */
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

/**
 * Returns the attempts and the skipped providers in the order of time. A provider that was skipped before an attempt is placed
 * before this attempt.
 */
function withSkips(attempts: SubmissionRecord['attempts'], skips: readonly LoggedSkip[]): readonly object[] {
  const begunAt = (number: number | undefined) => attempts.find((one) => one.number === number)?.begun;
  const shown = [
    ...skips.map(({ provider, reason, at, before }) => {
      const begun = begunAt(before) ?? at;
      return { provider, begun, outcome: 'skipped', reason };
    }),
    ...attempts,
  ];
  // `toSorted` keeps the order of entries with the same time, so a skipped provider stays before the attempt that followed.
  return shown
    .toSorted((a, b) => a.begun - b.begun)
    .map((one) => ({
      ...one,
      begun: isoTime(one.begun),
      ...('ended' in one && one.ended !== undefined && { ended: isoTime(one.ended) }),
    }));
}

/** Largest number of keys in one read of the table. */
const MOST_KEYS = 100;
const DEFAULT_LIMIT = 50;
const MOST_LISTED = 1_000;

type Query = Readonly<Record<'query' | 'state' | 'class' | 'provider' | 'limit' | 'before', string | undefined>>;

/**
 * Returns the body of the answer to `GET /api/submissions`: the submissions that match the query, the newest submission first.
 * `before` in the query is the id of the last submission on the previous page.
 */
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
  // If the query filters neither by state nor by provider, every submission whose record is read belongs to the result.
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

/**
 * Yields the members for which `isWanted` is true, in groups of `size`. A group is collected only when the caller requests it.
 */
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
 * Whether a submission may match the query, as far as the queues and the log show. If the result is false, the record of the
 * submission need not be read. For a query without a state, the queues are not considered.
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

/**
 * Whether the submission has the class of mail in the query, and whether its id, a recipient or its subject contains the text of
 * the query. Upper and lower case are not distinguished in the text.
 */
function matches({ id, subject = '', recipients, class: kind }: LoggedSubmission, query: Query): boolean {
  if (query.class !== undefined && kind !== query.class) return false;
  const text = query.query?.toLowerCase() ?? '';
  return [id, subject, ...recipients].some((one) => one.toLowerCase().includes(text));
}

/**
 * Adds the routes `GET /api/submissions`, `GET /api/submissions/ID` and `POST /api/submissions/ID/resend`. An id may contain
 * slashes.
 */
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
