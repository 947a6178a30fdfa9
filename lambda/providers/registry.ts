import { ownTypes } from '#own-types';
import type { ProviderConfig } from '../contract/providers.ts';
import type { ReadEvents } from './event.ts';
import type { InboundModule, NotificationModule } from './inbound.ts';
import { definition as mailgun } from './mailgun/definition.ts';
import type { MissedModule } from './missed.ts';
import type { OwnListModule } from './own-list.ts';
import { definition as postmark } from './postmark/definition.ts';
import type { ProviderDefinition, ProviderModule } from './provider.ts';
import { definition as sendgrid } from './sendgrid/definition.ts';
import { definition as ses } from './ses/definition.ts';
import { definition as smtp } from './smtp/definition.ts';
import type { WebhookModule } from './webhook.ts';

/**
 * Every provider type; importing it loads no SDK, so the deployment may use it as well. `imports` of package.json says
 * where types from outside of `lambda/` are listed.
 */
export const definitions = { ses, mailgun, postmark, sendgrid, smtp, ...ownTypes };

type Definitions = typeof definitions;
/** All provider types. */
export type ProviderType = keyof Definitions;
type TypesOf<T extends ProviderType> = NonNullable<Definitions[T]['types']>;
/** Options of a type. */
export type OptionsOf<T extends ProviderType> = TypesOf<T>['options'];

type Entry<T extends ProviderType> = ProviderConfig<T, OptionsOf<T>, TypesOf<T>['inbound']>;

/** A provider list: each entry has the options of its type. */
export type ProviderList = readonly { [T in ProviderType]: Entry<T> }[ProviderType][];

/** The provider list of a configuration: options may be absent where each has a default. */
export type ConfiguredProviders = readonly {
  [T in ProviderType]: object extends OptionsOf<T>
    ? Omit<Entry<T>, 'options'> & Partial<Pick<Entry<T>, 'options'>>
    : Entry<T>;
}[ProviderType][];

/**
 * The definition of a type.
 *
 * @throws Error for a type that the registry does not have
 */
export function definitionOf(type: string): ProviderDefinition {
  const definition = (definitions as Readonly<Record<string, ProviderDefinition>>)[type];
  if (!definition) throw new Error(`no provider type ${type}`);
  return definition;
}

/** Loads the code and the SDK of one provider type; later calls share the module. */
export async function loadProvider(type: string): Promise<ProviderModule<object>> {
  return await definitionOf(type).load();
}

/** Loads the code that reads the requests of a provider type that posts received mail. */
export async function loadInbound(type: string): Promise<InboundModule> {
  const { inbound } = definitionOf(type);
  if (inbound?.over !== 'http') throw new Error(`type ${type} posts no mail`);
  return (await inbound.load()).inbound;
}

/** Loads the code that reads the notifications of a provider type that writes received mail to the mail bucket. */
export async function loadNotifications(type: string): Promise<NotificationModule> {
  const { inbound } = definitionOf(type);
  if (inbound?.over !== 'bucket') throw new Error(`type ${type} writes no mail to the bucket`);
  return await inbound.load();
}

/** Loads the code that reads the delivery events that a provider type posts. */
export async function loadEvents(type: string): Promise<WebhookModule<ReadEvents>> {
  const { events } = definitionOf(type);
  if (events?.over !== 'http') throw new Error(`type ${type} posts no events`);
  return (await events.load()).events;
}

/** Loads the reader of the delivery events that a provider type publishes to a topic. */
export async function loadPublishedEvents(type: string): Promise<(body: string) => ReadEvents> {
  const { events } = definitionOf(type);
  if (events?.over !== 'topic') throw new Error(`type ${type} publishes no events`);
  return (await events.load()).readEvents;
}

/** Loads the reader of the delivery reports of mail that was sent over a provider type. */
export async function loadReports(type: string) {
  const { events } = definitionOf(type);
  if (events?.over !== 'mail') throw new Error(`type ${type} has no reports by mail`);
  return (await events.load()).readReport;
}

/** Loads the code for the own list of a provider type. */
export async function loadOwnList(type: string): Promise<OwnListModule> {
  const { ownList } = definitionOf(type);
  if (ownList === undefined) throw new Error(`type ${type} has no list of its own`);
  return await ownList.load();
}

/** Loads the code that asks a provider type for received mail that did not arrive. */
export async function loadMissed(type: string): Promise<MissedModule> {
  const { inbound } = definitionOf(type);
  if (inbound?.over !== 'http' || !inbound.missed) throw new Error(`type ${type} lists no received mail`);
  return await inbound.missed.load();
}
