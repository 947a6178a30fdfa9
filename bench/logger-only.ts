import { Logger } from '@aws-lambda-powertools/logger';

const logger = new Logger({ serviceName: 'bench' });

/** The smallest Lambda function with the logger. The import times of the other functions are compared with it. */
export const handler = async (): Promise<void> => logger.info('ready');
