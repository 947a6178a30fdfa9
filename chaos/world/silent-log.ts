import type { Log } from '../../lambda/platform/log.ts';

/** A log without lines. */
export const SILENT_LOG: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
