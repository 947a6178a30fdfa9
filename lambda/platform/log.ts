import { Logger } from '@aws-lambda-powertools/logger';
import { gatherOutput } from './output.ts';

/**
 * Fields of a log line. They contain, for example, ids, provider keys, numbers and codes, and never an address, a body, a subject
 * or a secret.
 */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Log with structured lines. Each call writes one line. */
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

/** Log that writes JSON lines to standard output. The lines are created by the logger of Powertools for AWS Lambda. */
export const powertoolsLog = logOf(
  new (class extends Logger {
    protected override printLog(...line: Parameters<Logger['printLog']>): void {
      gatherOutput();
      super.printLog(...line);
    }
  })(OPTIONS),
);

/**
 * Returns a log without output. When a new process starts, it handles a sample mail to warm up its code, and uses this log. Each line is
 * created as in `powertoolsLog`, and then discarded.
 */
export const quietLog = (): Log =>
  logOf(
    new (class extends Logger {
      protected override printLog(): void {}
    })(OPTIONS),
  );
