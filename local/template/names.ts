/** The account that every local resource belongs to; the one that fauxqs uses. */
export const ACCOUNT = '000000000000';

/** Region of the local resources; clients may sign for any other. */
export const REGION = 'us-east-1';
