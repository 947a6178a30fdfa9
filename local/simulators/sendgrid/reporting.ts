import { generateKeyPairSync } from 'node:crypto';
import type { ReportingType } from '../type.ts';

/** SendGrid's signed event webhook: the secret has the public key, and SendGrid alone the private one. */
export const reporting: ReportingType = {
  secret() {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return {
      secret: { verificationKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64') },
      own: { privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() },
    };
  },
  route: ({ verificationKey }) => ({ verificationKey }),
};
