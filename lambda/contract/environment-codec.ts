/** One environment variable: its name, and how a value becomes its text and is read again. */
export interface Variable<T> {
  readonly name: string;
  /** The variable is absent from the environment if there is no value; every other variable is required. */
  readonly optional?: true;
  encode(value: T, stringify: (value: unknown) => string): string;
  decode(text: string): T;
}

export const text = (name: string): Variable<string> => ({ name, encode: (value) => value, decode: (value) => value });

/** One of a closed list of words, validated by the deployment. */
export const word = <T extends string>(name: string): Variable<T> => ({
  name,
  encode: (value) => value,
  decode: (value) => value as T,
});

export const number = (name: string): Variable<number> => ({ name, encode: String, decode: Number });

/** A value as JSON, validated by the deployment. */
export const json = <T>(name: string): Variable<T> => ({
  name,
  encode: (value, stringify) => stringify(value),
  decode: (value) => JSON.parse(value) as T,
});

export const optional = <T>(variable: Variable<T>): Variable<T> & { readonly optional: true } => ({
  ...variable,
  optional: true,
});

type Variables = Readonly<Record<string, Variable<unknown>>>;
type Value<V> = V extends Variable<infer T> ? T : never;
type OptionalOf<V extends Variables> = {
  [K in keyof V]: V[K] extends { readonly optional: true } ? K : never;
}[keyof V];
type ValuesOf<V extends Variables> = { readonly [K in Exclude<keyof V, OptionalOf<V>>]: Value<V[K]> } & {
  readonly [K in OptionalOf<V>]?: Value<V[K]> | undefined;
};

/** The environment of one function, as the infrastructure writes it and as the function reads it. */
export interface EnvironmentCodec<Values> {
  /** The variables with their texts. Values may hold unresolved deployment tokens if `stringify` can write them. */
  encode(values: Values, stringify?: (value: unknown) => string): Record<string, string>;
  /** Reads what `encode` wrote; fails with the name of a missing variable. */
  decode(given: Readonly<Record<string, string | undefined>>): Values;
  /**
   * Whether every required variable is present, by which the function is recognised: no other function of the
   * deployment has them all.
   */
  matches(given: Readonly<Record<string, string | undefined>>): boolean;
}

/** The type of the values that a codec encodes. */
export type Environment<C> = C extends EnvironmentCodec<infer Values> ? Values : never;

/** Declares the environment of a function; the keys are the names of the values within the code. */
export function environment<V extends Variables>(variables: V): EnvironmentCodec<ValuesOf<V>> {
  const list = Object.entries(variables);
  return {
    encode: (values, stringify = JSON.stringify) =>
      Object.fromEntries(
        list.flatMap(([key, { name, encode }]) => {
          const value = (values as Readonly<Record<string, unknown>>)[key];
          return value === undefined ? [] : [[name, encode(value, stringify)]];
        }),
      ),
    decode: (given) =>
      Object.fromEntries(
        list.flatMap(([key, { name, optional, decode }]) => {
          const value = given[name];
          if (value) return [[key, decode(value)]];
          if (optional) return [];
          throw new Error(`environment variable ${name} is missing; the deployment must set it`);
        }),
      ) as ValuesOf<V>,
    matches: (given) => list.every(([, { name, optional }]) => optional || given[name]),
  };
}

/** Name of the state table. */
export const stateTable = text('MAILOVER_STATE_TABLE');
/** Name of the table of lists. */
export const listsTable = text('MAILOVER_LISTS_TABLE');
/** The queue that gives delivery events. */
export const eventsQueueUrl = text('MAILOVER_EVENTS_QUEUE');
/** Bucket for mail that no queue can hold. */
export const mailBucket = text('MAILOVER_MAIL_BUCKET');
/** Name or ARN of the secret with the key that proves what Mailover itself puts on its queues. */
export const proofSecret = text('MAILOVER_PROOF_SECRET');
/** Name or ARN of the secret with the key of the suppression list. */
export const suppressionSecret = text('MAILOVER_SUPPRESSION_SECRET');
/** The queue that gives received mail. */
export const inboundQueueUrl = text('MAILOVER_INBOUND_QUEUE');

/** Set by a local stack only. */
export const local = {
  /** Seconds of stack time in one real second: for waits, ages and the rhythm of canaries, never for attempts. */
  timeScale: optional(number('MAILOVER_TIME_SCALE')),
  /** When `timeScale` took effect, in epoch milliseconds of the clock and of stack time. */
  timeScaleSince: optional(number('MAILOVER_TIME_SCALE_SINCE')),
  stackTimeSince: optional(number('MAILOVER_STACK_TIME_SINCE')),
  /** Endpoint by provider key, in place of the public one. */
  endpoints: optional(json<Readonly<Record<string, string>>>('MAILOVER_ENDPOINTS')),
};
