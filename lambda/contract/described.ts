import * as z from 'zod/mini';

/** Returns a zod check that accepts every value. The check only adds a description to the field in the JSON Schema. */
export const described = (text: string) => z.meta({ description: text });

/** Zod schema of a string, with this description in the JSON Schema. */
export const describedText = (text: string) => z.string().check(described(text));

/** Zod schema of a time in UTC, with this description in the JSON Schema. */
export const describedTime = (text: string) => z.iso.datetime({ offset: false }).check(described(text));

/** Zod schema of the id of an event. */
export const eventId = z
  .string()
  .check(
    z.regex(/^[A-Za-z0-9_-]{43}$/),
    described('Equal in every copy of one event: store it to process each event once.'),
  );
