import { setTimeout as delay } from 'node:timers/promises';
import type { buildApp } from 'fauxqs';
import { AWS_SCOPE, type FaultBoard } from '../faults/faults.ts';
import { forget, KeptConnections } from '../faults/kept-connections.ts';
import { errorAnswer } from './error-answer.ts';
import { awsCall } from './operation.ts';

type App = ReturnType<typeof buildApp>;

/**
 * Applies the faults that are set for AWS services to the requests that the local server for SQS, S3 and Secrets Manager gets.
 */
export function addFaultHooks(app: App, faults: FaultBoard): void {
  const kept = new KeptConnections(AWS_SCOPE, faults, app.server);
  app.addHook('preHandler', async (request, reply) => {
    const call = awsCall(request);
    const fault = call && faults.match(AWS_SCOPE, { ...call, kept: kept.has(request.raw.socket) });
    if (call === undefined || fault === undefined) return;
    if (fault.network === 'forget') {
      reply.hijack();
      return await forget(request.raw.socket, fault);
    }
    if (fault.delayMs) await delay(fault.delayMs);
    if (fault.error === undefined) return;
    const { status, headers, body } = errorAnswer(call, fault.error, `${fault.error} by a fault of the local stack`);
    return reply.code(status).headers(headers).send(body);
  });
}
