import { Logger } from '@aws-lambda-powertools/logger';

const logger = new Logger({ serviceName: 'bench' });

/** The least that a function of this family does: what the sender is measured against. */
export const handler = async (): Promise<void> => logger.info('ready');
