import { GetAccountCommand, type GetAccountCommandOutput, type SESv2Client } from '@aws-sdk/client-sesv2';
import { defined } from '../../platform/defined.ts';
import type { Health, HealthLimits } from '../provider.ts';
import { healthOf } from '../question.ts';
import { watchWire } from '../wire.ts';
import { classify } from './classify.ts';
import { exceptionOf } from './exception.ts';

/**
 * Asks SES for the state of the account in the provider's region.
 *
 * docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetAccount.html (2026-11-25): the answer contains SendingEnabled,
 * EnforcementStatus (HEALTHY; PROBATION: under review, but the account can send; SHUTDOWN: the account cannot send),
 * ProductionAccessEnabled (false: the account is in the sandbox, and can send to verified addresses only) and the quota for 24
 * hours. SES allows at most one request per second.
 */
export async function health(client: SESv2Client, limits: HealthLimits): Promise<Health> {
  const { result, error, trace } = await watchWire(limits, () => client.send(new GetAccountCommand({})));
  // If the body of the answer is not a JSON object, the SDK returns a result without any values.
  if (result === undefined || typeof result.SendingEnabled !== 'boolean')
    return healthOf(classify({ trace, ...(error !== undefined && exceptionOf(error)) }));
  const headroom = headroomOf(result);
  const most = result.SendQuota?.Max24HourSend;
  return {
    ...stateOf(result, headroom),
    ...defined({
      quotaHeadroom: headroom,
      capacityPerDay: most === undefined ? undefined : most < 0 ? Number.POSITIVE_INFINITY : most,
      underReview: result.EnforcementStatus === undefined ? undefined : result.EnforcementStatus === 'PROBATION',
    }),
  };
}

function stateOf(account: GetAccountCommandOutput, headroom: number | undefined): Health {
  const { EnforcementStatus, SendingEnabled, ProductionAccessEnabled } = account;
  if (EnforcementStatus === 'SHUTDOWN') return { state: 'account-refused', reason: 'account-suspended' };
  if (!SendingEnabled) return { state: 'account-refused', reason: 'sending-paused' };
  if (ProductionAccessEnabled === false) return { state: 'account-refused', reason: 'sandbox' };
  if (headroom === 0) return { state: 'account-refused', reason: 'daily-quota' };
  return EnforcementStatus === 'PROBATION' ? { state: 'healthy', reason: 'under-review' } : { state: 'healthy' };
}

/**
 * Returns the fraction of the quota that is still free; undefined if it is unknown. A quota of -1 means no limit (API_SendQuota,
 * 2026-11-25).
 */
function headroomOf({ SendQuota }: GetAccountCommandOutput): number | undefined {
  const { Max24HourSend: most, SentLast24Hours: sent } = SendQuota ?? {};
  if (most === undefined || sent === undefined) return undefined;
  return most <= 0 ? Number(most < 0) : Math.min(1, Math.max(0, 1 - sent / most));
}
