import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate and its key, as files of PEM. */
export interface CertificateFiles {
  certFile: string;
  keyFile: string;
}

/** A certificate authority of a suite's own, and what it has signed. */
export interface OwnAuthority {
  caFile: string;
  /** Of a server on the loopback address. */
  server: CertificateFiles;
  /** Of a client: the user `suite` of the organisation `suite`. */
  client: CertificateFiles;
  remove(): void;
}

/** Made by the program `openssl`, so that no private key stands in a repository. */
export function makeAuthority(): OwnAuthority {
  const folder = mkdtempSync(join(tmpdir(), 'rookery-authority-'));
  const certificate = (name: string, subject: string, extensions: readonly string[], signed: readonly string[]) => {
    const files = { certFile: join(folder, `${name}.pem`), keyFile: join(folder, `${name}-key.pem`) };
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
        ...['-subj', subject, '-keyout', files.keyFile, '-out', files.certFile, ...signed],
        ...extensions.flatMap((extension) => ['-addext', extension]),
      ],
      { stdio: 'pipe' },
    );
    return files;
  };
  const ca = certificate('ca', '/CN=suite authority', [], []);
  // Servers that ask themselves, as etcd's gateway does, show their own certificate.
  const leaf = ['basicConstraints=critical,CA:FALSE', 'extendedKeyUsage=serverAuth,clientAuth'];
  const loopback = 'subjectAltName=DNS:localhost,IP:127.0.0.1';
  const signed = ['-CA', ca.certFile, '-CAkey', ca.keyFile];
  return {
    caFile: ca.certFile,
    server: certificate('server', '/CN=localhost', [...leaf, loopback], signed),
    client: certificate('client', '/O=suite/CN=suite', leaf, signed),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
