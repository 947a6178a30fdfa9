import type {
  MailgunOptions,
  PostmarkOptions,
  ProviderType,
  SendgridOptions,
  SesOptions,
  SmtpOptions,
} from '../contract/providers.ts';
import type { InboundModule, PostingType } from './inbound.ts';
import { definition as mailgun } from './mailgun/definition.ts';
import type { MissedContext, MissedSource } from './missed.ts';
import { definition as postmark } from './postmark/definition.ts';
import type { ProviderDefinition, ProviderModule } from './provider.ts';
import { definition as sendgrid } from './sendgrid/definition.ts';
import { definition as ses } from './ses/definition.ts';
import { definition as smtp } from './smtp/definition.ts';

interface OptionsOf {
  readonly ses: SesOptions;
  readonly mailgun: MailgunOptions;
  readonly postmark: PostmarkOptions;
  readonly sendgrid: SendgridOptions;
  readonly smtp: SmtpOptions;
}

/** The static part of every provider type; importing it loads no SDK, so the deployment may use it as well. */
export const definitions: Readonly<Record<ProviderType, ProviderDefinition>> = {
  ses,
  mailgun,
  postmark,
  sendgrid,
  smtp,
};

// Literal specifiers, so that the bundler makes one chunk of each SDK and a cold start loads none.
const loaders: { readonly [T in ProviderType]: () => Promise<ProviderModule<OptionsOf[T]>> } = {
  ses: () => import('./ses/send.ts'),
  mailgun: () => import('./mailgun/send.ts'),
  postmark: () => import('./postmark/send.ts'),
  sendgrid: () => import('./sendgrid/send.ts'),
  smtp: () => import('./smtp/send.ts'),
};

/** Loads the code and the SDK of one provider type; later calls share the module. */
export function loadProvider<T extends ProviderType>(type: T): Promise<ProviderModule<OptionsOf[T]>> {
  return loaders[type]();
}

const inboundLoaders: { readonly [T in PostingType]: () => Promise<InboundModule> } = {
  mailgun: () => import('./mailgun/inbound.ts').then(({ inbound }) => inbound),
  postmark: () => import('./postmark/inbound.ts').then(({ inbound }) => inbound),
};

/** Loads the receiving code of one provider type, without an SDK. */
export function loadInbound(type: PostingType): Promise<InboundModule> {
  return inboundLoaders[type]();
}

const missedLoaders: { readonly [T in PostingType]: () => Promise<(context: MissedContext) => MissedSource> } = {
  mailgun: () => import('./mailgun/missed.ts').then(({ missed }) => missed),
  postmark: () => import('./postmark/missed.ts').then(({ missed }) => missed),
};

/** Loads the code that asks a provider type for received mail that did not arrive. */
export function loadMissed(type: PostingType): Promise<(context: MissedContext) => MissedSource> {
  return missedLoaders[type]();
}
