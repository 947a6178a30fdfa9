import type { SmtpStage } from '../../../../lambda/providers/smtp/facts.ts';
import { fixturesIn } from '../fixtures.ts';

/** A recorded reply of a mail server, with the outcome that it must have. */
interface SmtpFixture {
  readonly source: string;
  readonly date: string;
  readonly stage: SmtpStage;
  readonly reply: string;
  readonly expected: { readonly kind: string; readonly blames?: string; readonly reason: string };
}

export const smtpFixtures = fixturesIn<SmtpFixture>('smtp');
