import type { Health, HealthLimits } from '../provider.ts';
import { healthOf } from '../question.ts';
import { classifyFailure, type SmtpFailure } from './classify.ts';
import { hangUp, open, type SmtpTarget } from './connection.ts';

/** Goes as far as a mail would before MAIL FROM, on a connection of its own: EHLO, STARTTLS, EHLO, AUTH, QUIT. */
export async function health(target: SmtpTarget, { deadlineMs, connectMs }: HealthLimits): Promise<Health> {
  try {
    hangUp(await open(target, connectMs, AbortSignal.timeout(deadlineMs)));
    return { state: 'healthy' };
  } catch (error) {
    return healthOf(classifyFailure(error as SmtpFailure, { began: false, written: false }));
  }
}
