import type { OptionsOf, ProviderType } from '../../lambda/providers/registry.ts';
import { mailgun } from './mailgun/type.ts';
import { postmark } from './postmark/type.ts';
import { sendgrid } from './sendgrid/type.ts';
import { ses } from './ses/type.ts';
import { smtp } from './smtp/type.ts';
import type { SimulatedType } from './type.ts';

/** The simulations of all provider types. Each provider type in `lambda/providers/registry.ts` needs a simulation. */
export const simulatedTypes: { readonly [T in ProviderType]: SimulatedType<OptionsOf<T>> } = {
  ses,
  mailgun,
  postmark,
  sendgrid,
  smtp,
};

/** Returns the simulation of a provider type. Throws if the type has no simulation. */
export function simulatedType(type: string): SimulatedType<object> {
  // Each simulation needs the options of its own provider type. The compiler cannot ensure this, but the check of the
  // configuration ensures that a provider has these options.
  const simulated = (simulatedTypes as unknown as Readonly<Record<string, SimulatedType<object>>>)[type];
  if (!simulated) throw new Error(`no provider type ${type} is simulated`);
  return simulated;
}
