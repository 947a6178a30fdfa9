// biome-ignore lint/style/noRestrictedImports: the one list of types that lie outside of lambda/
import { ownTypes } from '../../bin/types.ts';
import type { InboundModule } from './inbound.ts';
import { definition as mailgun } from './mailgun/definition.ts';
import type { MissedContext, MissedSource } from './missed.ts';
import { definition as postmark } from './postmark/definition.ts';
import type { ProviderDefinition, ProviderModule } from './provider.ts';
import { definition as sendgrid } from './sendgrid/definition.ts';
import { definition as ses } from './ses/definition.ts';
import { definition as smtp } from './smtp/definition.ts';

/** Every provider type; importing it loads no SDK, so the deployment may use it as well. */
export const definitions = { ses, mailgun, postmark, sendgrid, smtp, ...ownTypes };

/** The definition of a type, for code that is the same for all types. */
export function definitionOf(type: keyof typeof definitions): ProviderDefinition {
  return definitions[type];
}

/** Loads the code and the SDK of one provider type; later calls share the module. */
export function loadProvider(type: keyof typeof definitions): Promise<ProviderModule<object>> {
  return definitionOf(type).load();
}

/** Loads the receiving code of one provider type, without an SDK. */
export async function loadInbound(type: keyof typeof definitions): Promise<InboundModule> {
  const load = definitionOf(type).inbound?.load;
  if (!load) throw new Error(`type ${type} posts no mail`);
  return await load();
}

/** Loads the code that asks a provider type for received mail that did not arrive. */
export async function loadMissed(type: keyof typeof definitions): Promise<(context: MissedContext) => MissedSource> {
  const load = definitionOf(type).inbound?.loadMissed;
  if (!load) throw new Error(`type ${type} cannot be asked for received mail`);
  return await load();
}
