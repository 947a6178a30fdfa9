import type { OptionsOf, ProviderType } from '../../lambda/providers/registry.ts';
import { mailgun } from './mailgun/type.ts';
import { postmark } from './postmark/type.ts';
import { sendgrid } from './sendgrid/type.ts';
import { ses } from './ses/type.ts';
import { smtp } from './smtp/type.ts';
import type { SimulatedType } from './type.ts';

/** The simulation of every provider type; each type of `lambda/providers/registry.ts` needs one. */
export const simulatedTypes: { readonly [T in ProviderType]: SimulatedType<OptionsOf<T>> } = {
  ses,
  mailgun,
  postmark,
  sendgrid,
  smtp,
};

/** The simulation of the type of a configured provider. */
export function simulatedType(type: string): SimulatedType<object> {
  // The type of each entry has the options of its own type, which only the configuration pairs with it.
  const simulated = (simulatedTypes as unknown as Readonly<Record<string, SimulatedType<object>>>)[type];
  if (!simulated) throw new Error(`no provider type ${type} is simulated`);
  return simulated;
}
