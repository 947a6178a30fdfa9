import type { IncomingHttpHeaders } from 'node:http';

/** Service and operation of an AWS call. Faults use these two names to select the calls to which they apply. */
export interface AwsCall {
  readonly service: 'sqs' | 's3' | 'secrets' | 'dynamodb';
  readonly operation: string;
}

interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

const JSON_SERVICES: Readonly<Record<string, AwsCall['service']>> = {
  AmazonSQS: 'sqs',
  secretsmanager: 'secrets',
  DynamoDB_20120810: 'dynamodb',
};

const OBJECT_OPERATIONS: Readonly<Record<string, string>> = {
  GET: 'GetObject',
  HEAD: 'HeadObject',
  PUT: 'PutObject',
  DELETE: 'DeleteObject',
};

const BUCKET_OPERATIONS: Readonly<Record<string, string>> = {
  GET: 'ListObjectsV2',
  HEAD: 'HeadBucket',
  PUT: 'CreateBucket',
  POST: 'DeleteObjects',
  DELETE: 'DeleteBucket',
};

/**
 * Returns the service and the operation of a request. They are read from the header `X-Amz-Target` or, for S3, from the method
 * and URL. Returns undefined for requests to other services.
 */
export function awsCall({ method, url, headers }: Request): AwsCall | undefined {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') {
    const [prefix = '', operation = ''] = target.split('.');
    const service = JSON_SERVICES[prefix];
    return service && { service, operation };
  }
  const { pathname, searchParams } = new URL(url, 'http://local');
  const [bucket, ...key] = pathname.slice(1).split('/');
  if (!bucket) return method === 'GET' ? { service: 's3', operation: 'ListBuckets' } : undefined;
  if (key.join('/') === '') return s3(BUCKET_OPERATIONS[method]);
  if (method === 'PUT' && searchParams.has('uploadId')) return s3('UploadPart');
  if (method === 'POST') return s3(searchParams.has('uploads') ? 'CreateMultipartUpload' : 'CompleteMultipartUpload');
  return s3(OBJECT_OPERATIONS[method]);
}

function s3(operation: string | undefined): AwsCall | undefined {
  return operation === undefined ? undefined : { service: 's3', operation };
}
