import type { Log } from '../../lambda/platform/log.ts';

/** A log that drops all lines. */
export const SILENT_LOG: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
