import { describe, expect, it } from 'vitest';
import { reasonOf } from './network-reason.ts';

describe('why a connection failed', () => {
  const failure = (message: string, code?: string) => Object.assign(new Error(message), { code });

  it('is said in words, and by the system where there are none', () => {
    expect(reasonOf(failure('connect ECONNREFUSED 10.0.0.1:1', 'ECONNREFUSED'))).toBe('connection refused');
    expect(reasonOf(failure('self-signed certificate', 'SELF_SIGNED_CERT_IN_CHAIN'))).toBe('self-signed certificate');
  });

  it.each(['tlsv13 alert certificate required', 'ssl/tls alert bad certificate', 'tlsv1 alert unknown ca'])(
    'names the settings where the server refuses the certificate: %s',
    (alert) => {
      const message = `40AD2C:error:0A000412:SSL routines:ssl3_read_bytes:${alert}:../record/rec_layer_s3.c:918:SSL alert number 42\n`;
      const said = reasonOf(failure(message, 'ERR_SSL_ALERT'));
      expect(said).toContain(alert.replace(/^.*alert /, ''));
      expect(said).toMatch(/^it refuses this client's certificate, .* \(cert-file, key-file\): [a-z ]+$/);
    },
  );
});
