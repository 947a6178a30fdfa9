import { ACCOUNT, type Call } from './account.ts';
import type { Request } from './policy.ts';

type Body = Readonly<Record<string, unknown>>;

/**
 * Returns the permissions that IAM checks when a Lambda function makes this API call: actions on resources. Source: service
 * authorization reference, 2026-11-29.
 *
 * @throws Error if this function does not know the service of the call, so that no call stays unchecked
 */
export function requestsOf(call: Call): readonly Request[] {
  const read = SERVICES[call.service];
  if (read === undefined) throw new Error(`no rule for a call of ${call.service}: ${call.method} ${call.path}`);
  const common = { 'aws:RequestedRegion': [call.region] };
  return read(call).map((one) => ({ ...one, context: { ...common, ...one.context } }));
}

const SERVICES: Readonly<Record<string, (call: Call) => Request[]>> = {
  sqs(call) {
    if (operation(call) === 'ListQueues') return [{ action: 'sqs:ListQueues', resource: '*' }];
    const name = String(bodyOf(call)['QueueUrl']).split('/').at(-1);
    const action = operation(call).replace(/Batch$/, '');
    return [{ action: `sqs:${action}`, resource: arn(call, 'sqs', name) }];
  },
  secretsmanager(call) {
    const id = String(bodyOf(call)['SecretId']);
    const resource = id.startsWith('arn:') ? id : arn(call, 'secretsmanager', `secret:${id}-AbCdEf`);
    return [{ action: `secretsmanager:${operation(call)}`, resource }];
  },
  dynamodb(call) {
    const body = bodyOf(call);
    const action = `dynamodb:${operation(call)}`;
    const tables = (body['RequestItems'] as Record<string, { Keys: Body[] }> | undefined) ?? {};
    // In each DynamoDB query of the functions, the placeholder `:pk` has the value of the partition key.
    const queried = (body['ExpressionAttributeValues'] as Record<string, object> | undefined)?.[':pk'];
    const keys = [
      queried && { pk: queried },
      body['Key'],
      body['Item'],
      ...Object.values(tables).flatMap(({ Keys }) => Keys),
    ];
    const leading = keys.flatMap((item) => (item as { pk?: { S?: string } } | undefined)?.pk?.S ?? []);
    const names = body['TableName'] === undefined ? Object.keys(tables) : [String(body['TableName'])];
    const context = {
      ...(leading.length > 0 && { 'dynamodb:LeadingKeys': leading }),
      // In each DynamoDB scan of the functions, placeholders in `ExpressionAttributeNames` name all attributes.
      ...(action === 'dynamodb:Scan' && {
        'dynamodb:Attributes': Object.values(body['ExpressionAttributeNames'] ?? {}),
        'dynamodb:Select': [String(body['Select'])],
      }),
    };
    return names.map((name) => ({ action, resource: arn(call, 'dynamodb', `table/${name}`), context }));
  },
  s3({ method, path, query, copySource }) {
    const [bucket = '', ...rest] = decodeURIComponent(path).slice(1).split('/');
    const key = rest.join('/');
    if (key === '')
      return [
        {
          action: query.includes('list-type') ? 's3:ListBucket' : `s3:${method}Bucket`,
          resource: `arn:aws:s3:::${bucket}`,
        },
      ];
    const action = { GET: 's3:GetObject', HEAD: 's3:GetObject', PUT: 's3:PutObject', DELETE: 's3:DeleteObject' }[
      method
    ];
    const source = copySource && {
      action: 's3:GetObject',
      resource: `arn:aws:s3:::${decodeURIComponent(copySource).replace(/^\//, '')}`,
    };
    return [
      { action: action ?? `s3:${method}`, resource: `arn:aws:s3:::${bucket}/${key}` },
      ...(source ? [source] : []),
    ];
  },
  ses(call) {
    if (call.path === '/v2/email/account') return [{ action: 'ses:GetAccount', resource: '*' }];
    const list = SUPPRESSION_ACTIONS[`${call.method} ${call.path.replace(/(addresses\/).*/, '$1')}`];
    if (list !== undefined) return [{ action: list, resource: '*' }];
    if (call.path !== '/v2/email/outbound-emails') throw new Error(`no rule for ${call.method} ${call.path} of SES`);
    const { FromEmailAddress, Content, ConfigurationSetName } = bodyOf(call) as {
      FromEmailAddress: string;
      Content: { Raw?: unknown };
      ConfigurationSetName?: string;
    };
    const address = /<([^>]*)>$/.exec(FromEmailAddress)?.[1] ?? FromEmailAddress;
    const action = Content.Raw ? 'ses:SendRawEmail' : 'ses:SendEmail';
    const resources = [
      `identity/${address.split('@')[1]}`,
      ...(ConfigurationSetName ? [`configuration-set/${ConfigurationSetName}`] : []),
    ];
    return resources.map((name) => ({
      action,
      resource: arn(call, 'ses', name),
      context: { 'ses:FromAddress': [address] },
    }));
  },
};

/** IAM actions on the suppression list of SES. IAM has no resource type for this list, so the resource is `*`. */
const SUPPRESSION_ACTIONS: Readonly<Record<string, string>> = {
  'GET /v2/email/suppression/addresses': 'ses:ListSuppressedDestinations',
  'PUT /v2/email/suppression/addresses': 'ses:PutSuppressedDestination',
  'DELETE /v2/email/suppression/addresses/': 'ses:DeleteSuppressedDestination',
};

/** Parses the body of a call as JSON. */
export function bodyOf({ body }: Call): Body {
  return JSON.parse(body) as Body;
}

/**
 * Returns the name of the API operation of a call. Depending on the protocol of the service, the name is in a header, in the path
 * or in the form.
 */
export function operation({ target, path, body }: Call): string {
  if (target !== '') return target.split('.').at(-1) ?? '';
  const [, inPath] = /\/operation\/(\w+)$/.exec(path) ?? [];
  return inPath ?? new URLSearchParams(body).get('Action') ?? '';
}

export function arn({ region }: Call, service: string, rest: string | undefined): string {
  return `arn:aws:${service}:${region}:${ACCOUNT}:${rest}`;
}
