import type SMTPConnection from 'nodemailer/lib/smtp-connection';
import { deadlineSignal } from '../../platform/arrivals.ts';
import type { Health, HealthLimits } from '../provider.ts';
import { healthOf } from '../question.ts';
import { classifyFailure, type SmtpFailure } from './classify.ts';
import { hangUp, open, type SmtpTarget } from './connection.ts';

/**
 * Checks the account on a separate connection with the steps that sending takes before MAIL FROM: EHLO, STARTTLS, EHLO and AUTH,
 * then QUIT.
 */
export async function health(target: SmtpTarget, { deadlineMs, connectMs }: HealthLimits): Promise<Health> {
  try {
    const { connection } = await open(target, connectMs, deadlineSignal(deadlineMs));
    await sayGoodbye(connection);
    return { state: 'healthy' };
  } catch (error) {
    return healthOf(classifyFailure(error as SmtpFailure, { began: false, written: false }));
  }
}

/**
 * Sends QUIT and waits until it is sent. Servers count sessions that end without QUIT, and Lambda freezes the function after its
 * answer.
 */
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
