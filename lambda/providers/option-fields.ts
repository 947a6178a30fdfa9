import { z } from 'zod';
import type { CanaryConfig, InboundOptions } from '../contract/providers.ts';
import { parseMailbox } from '../mail/address.ts';

// This file has the checks that the options of several provider types share. The function `checkOptions` of a provider type gets
// these checks as an argument. Therefore only the deployment loads zod.

const LABEL = '[a-z0-9]([a-z0-9-]*[a-z0-9])?';
const domain = z.string().regex(new RegExp(`^${LABEL}(\\.${LABEL})+$`), 'must be a domain in lower case (A-labels)');
const identity = z
  .string()
  .regex(
    new RegExp(`^([^@\\s*?]+@)?${LABEL}(\\.${LABEL})+$`),
    'must be a domain or an address, its domain in lower case',
  );
const list = <T extends z.ZodType>(item: T) => z.array(item).min(1, 'must not be empty');
const words = z.string().min(1, 'must not be empty');
const whole = (least: number, most: number) => z.int().min(least).max(most);

const CIDR =
  /^((25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}\/([12]?\d|3[0-2])|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\/(\d\d?|1[01]\d|12[0-8]))$/;
const secretName = z
  .string()
  .regex(/^[A-Za-z0-9/_+=.@-]{1,512}$/, 'must be the name of a secret in Secrets Manager, not its ARN');
const mailAddress = z
  .string()
  .refine((text) => !('problem' in parseMailbox(text)), 'must be one address, without a name');
const canary = z
  .strictObject({
    to: mailAddress,
    from: mailAddress.optional(),
    everyMinutes: whole(5, 1_440),
  } satisfies Shape<CanaryConfig>)
  .meta({ id: 'CanaryConfig' })
  .optional();
const preference = whole(0, 65_535).optional();
const webhook = {
  preference,
  canary,
  sourceRanges: list(z.string().regex(CIDR, 'must be an address range such as `3.134.147.250/32`')).optional(),
  secretName: secretName.optional(),
} satisfies Shape<InboundOptions>;

/** Checks from which the options of a provider type are composed. */
export const optionFields = {
  z,
  /** Checks for a domain in A-labels and in lower case. */
  domain,
  /** Checks for a domain or an address. */
  identity,
  /** Makes a check for a list with at least one item. */
  list,
  /** Checks for text that is not empty. */
  words,
  whole,
  secretName,
  canary,
  preference,
  /** Fields for a provider type that posts received mail to Mailover's HTTP API. */
  webhook,
};

export type OptionFields = typeof optionFields;

/** Type of the options that a check accepts. */
export type Checked<Check extends (fields: OptionFields) => z.ZodType> = Frozen<z.infer<ReturnType<Check>>>;

type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<Exclude<T[K], undefined>> } : T;

/** Type of the values that a check for `T` may return. It allows `undefined` for an optional field, as zod does. */
export type Loose<T> = T extends object
  ? { readonly [K in keyof T]: Loose<T[K]> | (object extends Pick<T, K> ? undefined : never) }
  : T;

/** An object with one check for each field of `T`. */
export type Shape<T> = { readonly [K in keyof T]-?: z.ZodType<Loose<T>[K]> };
