import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A key and a certificate for the loopback address that nobody but `caFile` vouches for. */
export interface OwnCertificate {
  key: Buffer;
  cert: Buffer;
  caFile: string;
  remove(): void;
}

/** Made by the program `openssl`, so that no private key stands in a repository. */
export function makeCertificate(): OwnCertificate {
  const folder = mkdtempSync(join(tmpdir(), 'rookery-certificate-'));
  const [keyFile, caFile] = [join(folder, 'key.pem'), join(folder, 'ca.pem')];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
      ...['-subj', '/CN=suite', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
      ...['-keyout', keyFile, '-out', caFile],
    ],
    { stdio: 'pipe' },
  );
  return {
    key: readFileSync(keyFile),
    cert: readFileSync(caFile),
    caFile,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
