import type { ProviderConfig } from '../contract/providers.ts';
import type { ReadEvents } from './event.ts';
import type { InboundModule, NotificationModule } from './inbound.ts';
import { definition as mailgun } from './mailgun/definition.ts';
import type { MissedModule } from './missed.ts';
import { ownTypes } from './own/types.ts';
import type { OwnListModule } from './own-list.ts';
import { definition as postmark } from './postmark/definition.ts';
import type { ProviderDefinition, ProviderModule } from './provider.ts';
import { definition as sendgrid } from './sendgrid/definition.ts';
import { definition as ses } from './ses/definition.ts';
import { definition as smtp } from './smtp/definition.ts';
import type { WebhookModule } from './webhook.ts';

/**
 * Definitions of all provider types, by the name of the type. Importing this module loads no SDK, so the deployment may import it
 * too.
 */
export const definitions = { ses, mailgun, postmark, sendgrid, smtp, ...ownTypes };

type Definitions = typeof definitions;
/** Name of a provider type. */
export type ProviderType = keyof Definitions;
type TypesOf<T extends ProviderType> = NonNullable<Definitions[T]['types']>;
/** Options of a provider type. */
export type OptionsOf<T extends ProviderType> = TypesOf<T>['options'];

type ProviderEntry<T extends ProviderType> = ProviderConfig<T, OptionsOf<T>, TypesOf<T>['inbound']>;

/** A list of configured providers, in which each entry has the options of its type. */
export type ProviderList = readonly { [T in ProviderType]: ProviderEntry<T> }[ProviderType][];

/** The list of providers as written in a configuration. An entry may lack `options` if every option of its type has a default. */
export type ConfiguredProviders = readonly {
  [T in ProviderType]: object extends OptionsOf<T>
    ? Omit<ProviderEntry<T>, 'options'> & Partial<Pick<ProviderEntry<T>, 'options'>>
    : ProviderEntry<T>;
}[ProviderType][];

/**
 * Returns the definition of a provider type.
 *
 * @throws Error if there is no provider type with this name
 */
export function definitionOf(type: string): ProviderDefinition {
  const definition = (definitions as Readonly<Record<string, ProviderDefinition>>)[type];
  if (!definition) throw new Error(`no provider type ${type}; the types are ${Object.keys(definitions).join(', ')}`);
  return definition;
}

/** Loads the code and the SDK of one provider type. Node loads the module once, and later calls return the same module. */
export async function loadProvider(type: string): Promise<ProviderModule<object>> {
  return await definitionOf(type).load();
}

/** Loads the code that reads the requests in which a provider type posts received mail. */
export async function loadInbound(type: string): Promise<InboundModule> {
  const { inbound } = definitionOf(type);
  if (inbound?.over !== 'http') throw new Error(`type ${type} posts no mail`);
  return (await inbound.load()).inbound;
}

/** Loads the code that reads the notifications about received mail that a provider type writes to the S3 bucket for mail. */
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

/** Loads the function that reads the delivery events that a provider type publishes to an SNS topic. */
export async function loadPublishedEvents(type: string): Promise<(body: string) => ReadEvents> {
  const { events } = definitionOf(type);
  if (events?.over !== 'topic') throw new Error(`type ${type} publishes no events`);
  return (await events.load()).readEvents;
}

/** Loads the function that reads delivery reports about mail that was sent through a provider type. */
export async function loadReports(type: string) {
  const { events } = definitionOf(type);
  if (events?.over !== 'mail') throw new Error(`type ${type} has no reports by mail`);
  return (await events.load()).readReport;
}

/** Loads the code of a provider type that reads and changes a provider's own suppression list. */
export async function loadOwnList(type: string): Promise<OwnListModule> {
  const { ownList } = definitionOf(type);
  if (ownList === undefined) throw new Error(`type ${type} has no list of its own`);
  return await ownList.load();
}

/** Loads the code that queries a provider for mail that the provider received but Mailover did not. */
export async function loadMissed(type: string): Promise<MissedModule> {
  const { inbound } = definitionOf(type);
  if (inbound?.over !== 'http' || !inbound.missed) throw new Error(`type ${type} lists no received mail`);
  return await inbound.missed.load();
}
