import type {
  APIGatewayProxyEventV2,
  APIGatewayProxyStructuredResultV2,
  Context,
  SQSBatchResponse,
  SQSEvent,
  SQSRecord,
} from 'aws-lambda';
import { batchResponse } from '../platform/batch-response.ts';
import type { Log } from '../platform/log.ts';
import type { Arrival } from './authenticate.ts';
import { arrivalOf } from './request.ts';

/** Time that is reserved for the answer before Lambda's time-out, in milliseconds. */
const ANSWER_MS = 1_500;

/** Functions that process the requests of providers, and the messages of providers that do not deliver over HTTP. */
interface Intakes {
  readonly takePosted: (
    arrival: Arrival,
    limitMs: number,
  ) => Promise<{ readonly status: number; readonly text: string }>;
  readonly takeRecord: (record: SQSRecord, limitMs: number) => Promise<void>;
  readonly log: Log;
  readonly metrics: { flush(): Promise<void> };
}

type Answer = APIGatewayProxyStructuredResultV2 | SQSBatchResponse;

/** Creates a Lambda handler for requests over HTTP and for batches of messages of a queue. */
export function webhookHandler({ takePosted, takeRecord, log, metrics }: Intakes) {
  const answerRequest = async (event: APIGatewayProxyEventV2, limitMs: number): Promise<Answer> => {
    const { status, text } = await takePosted(arrivalOf(event), limitMs);
    return { statusCode: status, headers: { 'content-type': 'text/plain' }, body: text };
  };
  const takeBatch = async ({ Records }: SQSEvent, limitMs: number): Promise<Answer> => {
    const results = await Promise.allSettled(Records.map((record) => takeRecord(record, limitMs)));
    return batchResponse(
      results.map((result, place) => [Records[place] as SQSRecord, result]),
      log,
    );
  };
  return async (event: APIGatewayProxyEventV2 | SQSEvent, lambda: Context): Promise<Answer> => {
    const limitMs = lambda.getRemainingTimeInMillis() - ANSWER_MS;
    const answer = 'Records' in event ? await takeBatch(event, limitMs) : await answerRequest(event, limitMs);
    await metrics.flush();
    return answer;
  };
}
