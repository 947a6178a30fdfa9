import * as z from 'zod/mini';

/** Check that accepts everything and gives a field of the JSON Schema its description. */
export const described = (text: string) => z.meta({ description: text });
