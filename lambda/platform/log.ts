import { Logger } from '@aws-lambda-powertools/logger';
import { gatherOutput } from './output.ts';

/** Fields of a log line: ids, keys and codes only; never an address, a body, a subject or a secret. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Writes one structured line. */
export interface Log {
  info(message: string, fields: LogFields): void;
  warn(message: string, fields: LogFields): void;
  error(message: string, fields: LogFields): void;
}

const OPTIONS = { serviceName: 'mailover' };

function logOf(logger: Logger): Log {
  return {
    info: (message, fields) => logger.info(message, { ...fields }),
    warn: (message, fields) => logger.warn(message, { ...fields }),
    error: (message, fields) => logger.error(message, { ...fields }),
  };
}

/** Powertools' logger: JSON lines on standard output. */
export const powertoolsLog = logOf(
  new (class extends Logger {
    protected override printLog(...line: Parameters<Logger['printLog']>): void {
      gatherOutput();
      super.printLog(...line);
    }
  })(OPTIONS),
);

/** Powertools' logger without its output: it makes each line, and drops it. */
export const quietLog = (): Log =>
  logOf(
    new (class extends Logger {
      protected override printLog(): void {}
    })(OPTIONS),
  );
