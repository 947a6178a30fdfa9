import type { ReconciledProvider } from '../contract/reconciler-environment.ts';
import { composeMessages } from '../inbound/compose.ts';
import { keepRaw } from '../inbound/raw.ts';
import { fetchStored } from '../inbound/stored.ts';
import { takeMail } from '../inbound/take.ts';
import type { InboundModule } from '../providers/inbound.ts';
import type { Known, MissedSource, Reception } from '../providers/missed.ts';
import type { Memory } from './memory.ts';
import type { ReconcilerDependencies } from './reconciler.ts';

/**
 * What became of one reception. `here`: it had arrived. `recovered`: it is on the queue now, whole. `asked`: the provider
 * posts it again. `notice`: what is known of it is on the queue, flagged. `later`: the next run looks again.
 */
export type Settlement = 'here' | 'recovered' | 'asked' | 'notice' | 'later';

/** What one reception is settled with. */
export interface SettleContext {
  readonly provider: ReconciledProvider;
  readonly source: MissedSource;
  readonly module: InboundModule;
  readonly secret: Readonly<Record<string, string>>;
  readonly scale: number;
  /** Whether to remember all that was looked at, since one run cannot look at everything. */
  readonly thorough: boolean;
  readonly memory: Memory;
  readonly dependencies: ReconcilerDependencies;
}

/** How often a provider is asked to post a mail again, and how long that may take each time. */
const MOST_ASKS = 2;
const ASK_PAUSE_MS = 30 * 60_000;
/** Lambda's 6 MB, less what API Gateway puts around a body and the escapes of JSON within JSON. */
const FITS_BYTES = 5.5 * 1024 * 1024;
/** After this long, a copy that cannot be fetched is given up for a notice; Mailgun keeps it for three days. */
const GIVE_UP_MS = 24 * 3_600_000;

/** Sees to it that a mail is on the inbound queue, once. Repeating it does no harm. */
export async function settle(reception: Reception, context: SettleContext): Promise<Settlement> {
  const { provider, source, memory, dependencies, scale } = context;
  const now = dependencies.clock.now();
  const known = await source.know(reception);
  if (known.mail.recipients.length > 0 && (await memory.arrived(identities(known, provider)))) {
    // What is not listed again need not be remembered, and that is nearly all.
    if (reception.state !== 'taken' || context.thorough)
      await memory.remember(provider.key, reception.id, { settled: true });
    return 'here';
  }
  if (known.mail.storedAt !== undefined) return await fromStorage(reception, known, context);
  const { asks, askedAt } = (await memory.cases(provider.key, [reception.id])).get(reception.id) ?? NEVER;
  if (asks > 0 && now - askedAt < ASK_PAUSE_MS / scale) return 'later';
  const fits = known.postedBytes === undefined || known.postedBytes <= FITS_BYTES;
  if (fits && asks < MOST_ASKS && (await source.again?.(reception))) {
    await memory.remember(provider.key, reception.id, { settled: false, asks: asks + 1, askedAt: now });
    return 'asked';
  }
  return await fromKnown(reception, known, context);
}

const NEVER = { asks: 0, askedAt: 0 };

/** Fetches the mail from where the provider keeps it, and leads it down the way of every other. */
async function fromStorage(reception: Reception, known: Known, context: SettleContext): Promise<Settlement> {
  const { provider, module, secret, memory, dependencies, scale } = context;
  const endpoint = dependencies.environment.endpoints?.[provider.key];
  const own = endpoint === undefined ? undefined : URL.parse(endpoint)?.origin;
  const stored = await fetchStored(known.mail.storedAt ?? '', {
    allowed: (url) => url.origin === own || module.keepsMailAt?.(url) === true,
    secret,
    fetch: dependencies.fetch,
  }).catch((error: unknown) => {
    if (dependencies.clock.now() - reception.at < GIVE_UP_MS / scale) throw error;
    return 'unreachable' as const;
  });
  if (!Buffer.isBuffer(stored)) return await fromKnown(reception, known, context);
  const raw = await keepRaw(dependencies.store, provider.key, {
    form: 'mime',
    content: stored,
    contentType: 'message/rfc822',
  });
  const { outcome } = await takeMail({ provider, posted: known.mail, mime: stored, raw }, dependencies);
  if (outcome === 'busy') return 'later';
  await memory.remember(provider.key, reception.id, { settled: true });
  return outcome === 'delivered' ? 'recovered' : 'here';
}

/** What is known stands for the mail: whole if nothing is missing in it, else flagged as truncated. */
async function fromKnown(reception: Reception, known: Known, context: SettleContext): Promise<Settlement> {
  const { provider, memory, dependencies } = context;
  const { mail, complete, answer } = known;
  const raw = await keepRaw(dependencies.store, provider.key, {
    form: 'request',
    content: answer,
    contentType: 'application/json',
  });
  const posted = mail.recipients.length > 0 ? mail : { ...mail, recipients: ['unknown'] };
  const { outcome } = await takeMail({ provider, posted, raw, truncated: !complete }, dependencies);
  if (outcome === 'busy') return 'later';
  await memory.remember(provider.key, reception.id, { settled: true });
  if (outcome === 'duplicate') return 'here';
  return complete ? 'recovered' : 'notice';
}

/** The ids that the mail has on the inbound queue; none if what is known does not tell which mail it is. */
function identities({ mail, complete }: Known, { key, type }: ReconciledProvider): string[] {
  const named = mail.content.headers.some(([name]) => name.toLowerCase() === 'message-id');
  if (!named && !complete) return [];
  return composeMessages(mail, mail.content, {
    provider: key,
    type,
    receivedAt: '',
    raw: { s3: { bucket: '', key: '' }, form: 'request' },
    attachments: [],
    flags: [],
  }).map(({ id }) => id);
}
