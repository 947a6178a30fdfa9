import type { InboundMessage } from '../contract/inbound.ts';
import type { ReconciledProvider } from '../contract/reconciler-environment.ts';
import { composeMessages } from '../inbound/compose.ts';
import { fetchStored } from '../inbound/fetch-stored.ts';
import { keepRaw } from '../inbound/raw.ts';
import { idByName } from '../inbound/reused-ids.ts';
import { canaryAmong, takeMail } from '../inbound/take.ts';
import { ServiceError } from '../platform/service-failure.ts';
import type { Table } from '../platform/table.ts';
import type { PostedMail } from '../providers/inbound.ts';
import type { Known, MissedSource, Reception } from '../providers/missed.ts';
import type { EnsureContext } from './context.ts';
import type { ReceptionState } from './state.ts';

/**
 * Result of checking one received mail. `here`: the mail had already arrived, or is a canary. `recovered`: the whole mail was put
 * on the inbound queue. `asked`: the provider was asked to post the mail again. `notice`: the known part of the mail was put on
 * the inbound queue, flagged as truncated. `later`: a later run checks the mail again.
 */
export type ReceptionResult = 'here' | 'recovered' | 'asked' | 'notice' | 'later';

/** Largest number of times that a provider is asked to post the same mail again. */
const MOST_ASKS = 2;
/**
 * Size, in bytes, of the largest mail that can be posted again: Lambda's 6 MB minus the additions of API Gateway and the escapes
 * of JSON within JSON.
 */
const FITS_BYTES = 5.5 * 1024 * 1024;
/**
 * Number of failed checks after which the mail is no longer fetched. If the provider's API also fails, only the entry in the
 * provider's list of mail is used from then on. With the pauses, this number of checks takes a day; Mailgun stores a mail for
 * three days.
 */
const MOST_FAILURES = 24;

/**
 * Returns the level of caution for a mail: the number of runs that crashed during the check of the mail, but at least 2 after
 * `MOST_FAILURES` failed checks. Level 0: the mail is parsed. Level 1: the fetched mail is only stored, unchanged. Level 2: only
 * the provider's list of mail and one answer of its API are used. Level 3 and higher: only the provider's list of mail is used.
 */
function cautionOf({ crashes, failures }: ReceptionState): number {
  return Math.max(crashes, failures >= MOST_FAILURES ? 2 : 0);
}

/**
 * Ensures that a mail is put on the inbound queue once, or asks the provider to post it again. The call can be repeated safely.
 *
 * @throws the error of a failed check; a later run repeats the check
 */
export async function ensureReceived(
  reception: Reception,
  before: ReceptionState,
  context: EnsureContext,
): Promise<ReceptionResult> {
  const { source, provider, memory, dependencies } = context;
  const caution = cautionOf(before);
  const known = await knowledge(reception, before, source);
  if (await isCanary(known, context)) return 'here';
  const { storedAt } = known.mail;
  // As long as the complete mail can be fetched, a truncated message on the queue does not count as arrived.
  const ids = await identities(known, provider, dependencies.table);
  if (await memory.arrived(ids, storedAt !== undefined && caution < 2)) return 'here';
  if (storedAt !== undefined && caution < 2) return await fromStorage(reception, known, caution, context);
  const fits = known.postedBytes === undefined || known.postedBytes <= FITS_BYTES;
  if (caution === 0 && fits && before.asks < MOST_ASKS && (await source.again?.(reception))) {
    const askedAt = dependencies.clock.now();
    await memory.remember(provider.key, reception.id, { settled: false, asks: before.asks + 1, askedAt });
    return 'asked';
  }
  return await fromKnown(reception, known, context);
}

/**
 * Returns the provider's data about a mail: the answer of its API, or only the entry in its list of mail if the API is
 * unavailable or its answer crashed earlier runs.
 */
async function knowledge(reception: Reception, before: ReceptionState, source: MissedSource): Promise<Known> {
  if (before.crashes >= 3) return listed(reception);
  return await source.know(reception).catch((error: unknown) => {
    if (before.failures < MOST_FAILURES) throw error;
    return listed(reception);
  });
}

function listed(reception: Reception): Known {
  return {
    mail: { recipients: [], providerMessageId: reception.id, content: { headers: [], files: [] } },
    complete: false,
    answer: Buffer.from(JSON.stringify(reception.listed)),
  };
}

/**
 * Whether the mail is a canary for all of its recipients. The canary is not recorded as returned: the age of the canaries
 * must show that the canary did not arrive without the reconciler.
 */
async function isCanary({ mail }: Known, { provider, dependencies }: EnsureContext): Promise<boolean> {
  const { recipients, content } = mail;
  const own = await canaryAmong(content.headers, { over: provider.key, recipients, proves: false }, dependencies.table);
  return own !== undefined && recipients.every((one) => one.trim().toLowerCase() === own.trim().toLowerCase());
}

/**
 * Fetches the mail from the provider's storage, and processes it like posted mail. If it cannot be fetched, only the known part
 * is delivered.
 */
async function fromStorage(
  reception: Reception,
  known: Known,
  caution: number,
  context: EnsureContext,
): Promise<ReceptionResult> {
  const { provider, module, secret, memory, dependencies, scale } = context;
  const stored = await fetchStored(known.mail.storedAt ?? '', {
    storage: module.storage,
    endpoint: dependencies.environment.endpoints?.[provider.key],
    secret,
    fetch: dependencies.fetch,
  });
  if (stored === 'missing' && dependencies.clock.now() - reception.at < (module.storage?.appearsForMs ?? 0) / scale)
    throw new ServiceError("the mail is not in the provider's storage yet");
  if (!Buffer.isBuffer(stored)) return await fromKnown(reception, known, context);
  const raw = await keepRaw(dependencies.store, provider.key, {
    form: 'mime',
    content: stored,
    contentType: 'message/rfc822',
  });
  const posted = addressed(known.mail, reception);
  const { outcome } = await takeMail(
    { provider, posted, raw, isFound: true, ...(caution === 0 ? { mime: stored } : { truncated: true }) },
    dependencies,
  );
  if (outcome === 'busy') return 'later';
  await memory.remember(provider.key, reception.id, { settled: true });
  if (outcome === 'duplicate' || outcome === 'canary') return 'here';
  return caution === 0 ? 'recovered' : 'notice';
}

/** Delivers the known part of the mail, flagged as truncated unless it is the whole mail. */
async function fromKnown(reception: Reception, known: Known, context: EnsureContext): Promise<ReceptionResult> {
  const { provider, memory, dependencies } = context;
  const { mail, complete, answer } = known;
  const raw = await keepRaw(dependencies.store, provider.key, {
    form: 'request',
    content: answer,
    contentType: 'application/json',
  });
  const posted = addressed(mail, reception);
  const { outcome } = await takeMail({ provider, posted, raw, truncated: !complete, isFound: true }, dependencies);
  if (outcome === 'busy') return 'later';
  await memory.remember(provider.key, reception.id, { settled: true });
  if (outcome === 'duplicate') return 'here';
  return complete ? 'recovered' : 'notice';
}

/**
 * Adds a recipient to a mail without recipients, since a message needs a recipient. The added recipient contains the
 * provider's id of the mail, so that no two of these mails count as the same mail.
 */
function addressed(mail: PostedMail, { id }: Reception): PostedMail {
  return mail.recipients.length > 0 ? mail : { ...mail, recipients: [`unknown/${id}`] };
}

/** Returns the ids that the messages of a mail have on the inbound queue; an empty list if the known part of the mail does not identify the mail. */
async function identities(
  { mail, complete }: Known,
  { key, type }: ReconciledProvider,
  table: Table,
): Promise<string[]> {
  const named = mail.content.headers.some(([name]) => name.toLowerCase() === 'message-id');
  if (!named && !complete) return [];
  const messages = composeMessages(mail, mail.content, {
    provider: key,
    type,
    receivedAt: '',
    raw: { s3: { bucket: '', key: '' }, form: 'request' },
    attachments: [],
    flags: [],
    incomplete: !complete,
  });
  // An event of Mailgun does not contain the date of the mail. In this case Message-ID, sender and subject identify the
  // mail.
  const idOf = async (message: InboundMessage) => (complete ? undefined : await idByName(table, message)) ?? message.id;
  return await Promise.all(messages.map(idOf));
}
