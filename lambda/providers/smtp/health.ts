import type SMTPConnection from 'nodemailer/lib/smtp-connection';
import { deadlineSignal } from '../../platform/arrivals.ts';
import type { Health, HealthLimits } from '../provider.ts';
import { healthOf } from '../question.ts';
import { classifyFailure, type SmtpFailure } from './classify.ts';
import { hangUp, open, type SmtpTarget } from './connection.ts';

/**
 * Checks the account on a separate connection. The check takes the same steps as sending before MAIL FROM (EHLO, and STARTTLS and
 * AUTH if they are configured), and then ends the session with QUIT.
 */
export async function health(target: SmtpTarget, { deadlineMs, connectMs }: HealthLimits): Promise<Health> {
  try {
    const { connection } = await open(target, connectMs, deadlineSignal(deadlineMs));
    await quit(connection);
    return { state: 'healthy' };
  } catch (error) {
    return healthOf(classifyFailure(error as SmtpFailure, { began: false, written: false }));
  }
}

/**
 * Sends QUIT, and waits until the connection has ended, for at most {@link QUIT_MS}. Without the wait, Lambda could freeze the
 * function before QUIT is sent. Some servers count sessions that end without QUIT.
 */
function quit(connection: SMTPConnection): Promise<void> {
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
