import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BasicConstraintsExtension,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;

/** A certificate with its key, as PEM. */
export interface Pair {
  cert: string;
  key: string;
}

/** A certificate authority that a spec makes for itself. */
export class Authority {
  private constructor(
    private readonly certificate: X509Certificate,
    private readonly keys: webcrypto.CryptoKeyPair,
  ) {}

  static async create(name = 'CN=Rookery test authority'): Promise<Authority> {
    const keys = await newKeys();
    const certificate = await X509CertificateGenerator.createSelfSigned(
      { name, keys, ...validity(), extensions: [new BasicConstraintsExtension(true, 1, true)] },
      webcrypto as never,
    );
    return new Authority(certificate, keys);
  }

  get cert(): string {
    return this.certificate.toString('pem');
  }

  async issue(subject: string): Promise<Pair> {
    const keys = await newKeys();
    const certificate = await X509CertificateGenerator.create(
      {
        subject,
        issuer: this.certificate.subject,
        signingKey: this.keys.privateKey,
        publicKey: keys.publicKey,
        serialNumber: Buffer.from(webcrypto.getRandomValues(new Uint8Array(8))).toString('hex'),
        ...validity(),
        extensions: [
          new SubjectAlternativeNameExtension([
            { type: 'dns', value: 'localhost' },
            { type: 'ip', value: '127.0.0.1' },
          ]),
        ],
      },
      webcrypto as never,
    );
    const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
    return {
      cert: certificate.toString('pem'),
      key: `-----BEGIN PRIVATE KEY-----\n${pkcs8.replace(/(.{64})/g, '$1\n')}\n-----END PRIVATE KEY-----\n`,
    };
  }
}

/** A folder with a certificate, its key and its authority, as an operator would lay them out. */
export class CertificateFolder {
  readonly #folder = mkdtempSync(join(tmpdir(), 'gateway-tls-'));
  readonly certFile = join(this.#folder, 'tls.crt');
  readonly keyFile = join(this.#folder, 'tls.key');
  readonly caFile = join(this.#folder, 'ca.crt');

  write({ cert, key }: Pair, authority: Authority): void {
    writeFileSync(this.certFile, cert);
    writeFileSync(this.keyFile, key);
    writeFileSync(this.caFile, authority.cert);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const newKeys = () => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

const validity = () => ({
  notBefore: new Date(Date.now() - DAY_MS),
  notAfter: new Date(Date.now() + DAY_MS),
  signingAlgorithm: ALGORITHM,
});
