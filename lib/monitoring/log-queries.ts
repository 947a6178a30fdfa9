import { LogQueryVisualizationType, LogQueryWidget } from 'aws-cdk-lib/aws-cloudwatch';
import { type ILogGroup, QueryDefinition, QueryString } from 'aws-cdk-lib/aws-logs';
import type { Monitoring } from './monitoring.ts';

const ATTEMPT_FIELDS = [
  '@timestamp',
  'submissionId',
  'attempt',
  'provider',
  'outcome',
  'blames',
  'reason',
  'detail',
  'durationMs',
  'providerMessageId',
];

/**
 * Saves log queries in CloudWatch: one for the attempts of a submission, and one for each provider, for its failed attempts. Adds
 * the row with failed attempts to the dashboard.
 */
export function addLogQueries(monitoring: Monitoring, logGroup: ILogGroup, providers: readonly string[]): void {
  const submission = new QueryString({
    fields: ['message', ...ATTEMPT_FIELDS],
    filterStatements: ['submissionId = "put the id here"'],
    sort: '@timestamp asc',
  });
  save(monitoring, logGroup, 'submission', submission);
  for (const key of providers) save(monitoring, logGroup, `failures/${key}`, failures(`provider = "${key}"`));
  const reasons = new QueryString({
    filterStatements: FAILED,
    statsStatements: ['count() as failures by provider, outcome, reason'],
    sort: 'failures desc',
  });
  monitoring.row(
    'Log',
    [
      widget('Why attempts fail', 10, logGroup, reasons),
      widget(`Latest failures (Logs Insights has saved queries below ${monitoring.name}/)`, 14, logGroup, failures()),
    ],
    'last',
  );
}

const FAILED = ['message = "attempt"', 'outcome != "accepted"'];

function failures(...more: string[]): QueryString {
  return new QueryString({
    fields: ATTEMPT_FIELDS,
    filterStatements: [...FAILED, ...more],
    sort: '@timestamp desc',
    limit: 50,
  });
}

function save(monitoring: Monitoring, logGroup: ILogGroup, name: string, queryString: QueryString): void {
  new QueryDefinition(monitoring, `Query-${name.replaceAll('/', '-')}`, {
    queryDefinitionName: `${monitoring.name}/${name}`,
    queryString,
    logGroups: [logGroup],
  });
}

function widget(title: string, width: number, logGroup: ILogGroup, query: QueryString): LogQueryWidget {
  return new LogQueryWidget({
    title,
    width,
    height: 6,
    logGroupNames: [logGroup.logGroupName],
    view: LogQueryVisualizationType.TABLE,
    queryString: query.toString(),
  });
}
