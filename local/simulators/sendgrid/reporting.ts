import { createSign, generateKeyPairSync } from 'node:crypto';
import type { ReportingType } from '../type.ts';

/**
 * SendGrid's signed event webhook. One post contains up to 500 events. The provider's secret contains the public key; only the
 * simulated SendGrid has the private key.
 */
export const reporting: ReportingType = {
  secret() {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return {
      secret: { verificationKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64') },
      own: { privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() },
    };
  },
  route: ({ verificationKey }) => ({ verificationKey }),
  most: 500,
  post(events, { privateKey = '' }, now) {
    const body = Buffer.from(JSON.stringify(events));
    const timestamp = String(Math.floor(now / 1000));
    return {
      contentType: 'application/json',
      headers: {
        'x-twilio-email-event-webhook-signature': createSign('sha256')
          .update(timestamp)
          .update(body)
          .sign(privateKey, 'base64'),
        'x-twilio-email-event-webhook-timestamp': timestamp,
      },
      body,
    };
  },
  // SendGrid repeats a failed post "at increasing intervals for up to 24 hours" (event webhook reference, 2026-11-29). It does
  // not publish the intervals.
  retries: () => ({ minutes: [1, 5, 15, 30, 60, 120, 240, 480, 480] }),
};
