import type SMTPConnection from 'nodemailer/lib/smtp-connection';
import { deadlineSignal } from '../../platform/arrivals.ts';
import type { Health, HealthLimits } from '../provider.ts';
import { healthOf } from '../question.ts';
import { classifyFailure, type SmtpFailure } from './classify.ts';
import { hangUp, open, type SmtpTarget } from './connection.ts';

/** Takes the same steps as sending, up to MAIL FROM, on a separate connection: EHLO, STARTTLS, EHLO, AUTH, QUIT. */
export async function health(target: SmtpTarget, { deadlineMs, connectMs }: HealthLimits): Promise<Health> {
  try {
    const { connection } = await open(target, connectMs, deadlineSignal(deadlineMs));
    await sayGoodbye(connection);
    return { state: 'healthy' };
  } catch (error) {
    return healthOf(classifyFailure(error as SmtpFailure, { began: false, written: false }));
  }
}

/** Waits for QUIT to be sent: servers count sessions that just vanish, and a function that has answered is frozen. */
function sayGoodbye(connection: SMTPConnection): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, QUIT_MS);
    connection.once('end', () => {
      clearTimeout(timer);
      resolve();
    });
    hangUp(connection);
  });
}

const QUIT_MS = 1_000;
