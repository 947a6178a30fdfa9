import { Logger } from '@aws-lambda-powertools/logger';

const logger = new Logger({ serviceName: 'bench' });

/** The smallest function with the logger: the baseline for the sender. */
export const handler = async (): Promise<void> => logger.info('ready');
