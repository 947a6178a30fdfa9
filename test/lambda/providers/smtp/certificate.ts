import { setDefaultCACertificates } from 'node:tls';
import { generate } from 'selfsigned';

/** Makes a certificate for `host`; with `trusted`, this process then trusts only this certificate. */
export async function certificateFor(host: { ip: string } | { name: string }, trusted: boolean) {
  const altName = 'ip' in host ? ({ type: 7, ip: host.ip } as const) : ({ type: 2, value: host.name } as const);
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'test' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames: [altName] },
    ],
  });
  if (trusted) setDefaultCACertificates([cert]);
  return { key, cert };
}
