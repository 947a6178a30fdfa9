import type { ProviderConfig, ProviderType } from '../../lambda/contract/providers.ts';
import { mailgun } from './mailgun/type.ts';
import { postmark } from './postmark/type.ts';
import { sendgrid } from './sendgrid/type.ts';
import { ses } from './ses/type.ts';
import { smtp } from './smtp/type.ts';
import type { SimulatedType } from './type.ts';

type OptionsOf<T extends ProviderType> = Extract<ProviderConfig, { readonly type: T }>['options'];

/** The simulation of every provider type; each type of `lambda/providers/registry.ts` needs one. */
export const simulatedTypes: { readonly [T in ProviderType]: SimulatedType<OptionsOf<T>> } = {
  ses,
  mailgun,
  postmark,
  sendgrid,
  smtp,
};

/** The simulation of the type of a configured provider. */
export function simulatedType<T extends ProviderType>(type: T): SimulatedType<OptionsOf<T>> {
  return simulatedTypes[type];
}
