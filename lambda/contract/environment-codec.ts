/** One environment variable of a Lambda function: its name, and the conversions between its typed value and its text. */
export interface Variable<T> {
  readonly name: string;
  /** If true, the variable may have no value, and is then left out of the environment. Without this field, the variable is required. */
  readonly optional?: true;
  encode(value: T, stringify: (value: unknown) => string): string;
  decode(text: string): T;
}

export const text = (name: string): Variable<string> => ({ name, encode: (value) => value, decode: (value) => value });

/** Declares a variable with one of a fixed set of words. `decode` does not check the word, since the deployment has checked it. */
export const word = <T extends string>(name: string): Variable<T> => text(name) as Variable<T>;

export const number = (name: string): Variable<number> => ({ name, encode: String, decode: Number });

/** Declares a variable whose text is JSON. `decode` does not check the shape of the value, since the deployment has checked it. */
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

/**
 * Converts between typed values and the environment variables of one Lambda function. The CDK app encodes the values, and the
 * function decodes them.
 */
export interface EnvironmentCodec<Values> {
  /** Returns the text of each variable by the name of the variable. Values may contain unresolved CDK tokens if `stringify` can write such tokens. */
  encode(values: Values, stringify?: (value: unknown) => string): Record<string, string>;
  /** Returns the values that `encode` wrote. If a required variable is missing, throws an error that contains its name. */
  decode(given: Readonly<Record<string, string | undefined>>): Values;
  /**
   * Whether every required variable is present. Most codecs have a required variable that only one Lambda function of a deployment has.
   * For such a codec the result identifies the function.
   */
  matches(given: Readonly<Record<string, string | undefined>>): boolean;
}

/** The type of the values that a codec encodes. */
export type Environment<C> = C extends EnvironmentCodec<infer Values> ? Values : never;

/** Declares the environment variables of a Lambda function. The keys of `variables` are the names of the values within the code. */
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

/** Name of the DynamoDB table with the state that all processes of the functions share. */
export const stateTable = text('MAILOVER_STATE_TABLE');
/** Name of the DynamoDB table with lists, such as the index of suppressed addresses. */
export const listsTable = text('MAILOVER_LISTS_TABLE');
/** URL of the queue from which applications read delivery events. */
export const eventsQueueUrl = text('MAILOVER_EVENTS_QUEUE');
/** Name of the S3 bucket for mail that is too large for an SQS message. */
export const mailBucket = text('MAILOVER_MAIL_BUCKET');
/**
 * Name or ARN of the secret with the HMAC key for proofs of origin. By these proofs, Mailover recognises the messages that it put on
 * its queues itself.
 */
export const proofSecret = text('MAILOVER_PROOF_SECRET');
/** Name or ARN of the secret with the key that is used to hash the addresses on the suppression list. */
export const suppressionSecret = text('MAILOVER_SUPPRESSION_SECRET');
/** URL of the queue from which applications read received mail. */
export const inboundQueueUrl = text('MAILOVER_INBOUND_QUEUE');

/** Variables that only a local stack sets. */
export const local = {
  /**
   * Number of seconds of stack time in one real second. Stack time is the simulated time that is used for waits, ages and canary
   * intervals. Attempts to send mail use real time.
   */
  timeScale: optional(number('MAILOVER_TIME_SCALE')),
  /** Real time at which the current `timeScale` took effect, in epoch milliseconds. */
  timeScaleSince: optional(number('MAILOVER_TIME_SCALE_SINCE')),
  /** Stack time at which the current `timeScale` took effect, in epoch milliseconds. */
  stackTimeSince: optional(number('MAILOVER_STACK_TIME_SINCE')),
  /** Endpoints of the simulated providers, by provider key. */
  endpoints: optional(json<Readonly<Record<string, string>>>('MAILOVER_ENDPOINTS')),
};
