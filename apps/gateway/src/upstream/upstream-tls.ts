import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { type ConnectionOptions, createSecureContext } from 'node:tls';
import type { Instance } from '@rookery/discovery';
import { RookeryError } from '@rookery/observability';
import { z } from 'zod';
import { strictObject } from '../strict-object.ts';

const Files = {
  /** Authorities of the instances, PEM; those of the system when not given. */
  caFile: z.string().min(1).optional(),
  /** Who the gateway is to the instances: certificate and key, PEM. */
  certFile: z.string().min(1).optional(),
  keyFile: z.string().min(1).optional(),
};

interface CertificatePaths {
  caFile?: string | undefined;
  certFile?: string | undefined;
  keyFile?: string | undefined;
}

const bothOrNone = ({ certFile, keyFile }: CertificatePaths) => (certFile === undefined) === (keyFile === undefined);
const BOTH = { path: ['keyFile'], error: 'expected certFile and keyFile together' };

/** TLS to instances: to those that say `scheme: https` in their metadata, and to all of the services that are named. */
export const UpstreamTlsSettings = strictObject({
  ...Files,
  minVersion: z.enum(['TLSv1.2', 'TLSv1.3']).default('TLSv1.2'),
  services: z
    .record(
      z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
      strictObject({
        ...Files,
        /** The name that the certificate must bear; the address when not given, or what the metadata says. */
        serverName: z
          .string()
          .regex(/^[a-zA-Z0-9.-]{1,253}$/)
          .optional(),
      }).refine(bothOrNone, BOTH),
    )
    .default({}),
}).refine(bothOrNone, BOTH);

export type UpstreamTlsSettings = z.infer<typeof UpstreamTlsSettings>;

/** Metadata of an instance that is called by TLS, and of the name that its certificate bears. */
const SCHEME = 'scheme';
const SERVER_NAME = 'tls-server-name';

/** How instances are called by TLS, with the certificates as they stand in their files. */
export class UpstreamTls {
  readonly #settings: UpstreamTlsSettings | undefined;
  readonly #contents = new Map<string, Buffer>();
  #seen: string;

  /** Throws where a file cannot be used. */
  constructor(settings: UpstreamTlsSettings | undefined) {
    this.#settings = settings;
    this.#seen = this.#fingerprint();
    this.#read();
  }

  /** Reads files that have changed; true where they are others now. Files that cannot be used change nothing. */
  refresh(): boolean {
    if (!this.#settings) return false;
    const fingerprint = this.#fingerprint();
    if (fingerprint === this.#seen) return false;
    this.#seen = fingerprint;
    this.#read();
    return true;
  }

  /** Undefined for an instance that is called without TLS. */
  for({ service, metadata }: Instance): ConnectionOptions | undefined {
    const own = this.#settings?.services[service];
    if (!own && metadata[SCHEME] !== 'https') return undefined;
    const files = this.#filesOf(own);
    const servername = own?.serverName ?? metadata[SERVER_NAME];
    return {
      ...(files.caFile !== undefined && { ca: this.#contents.get(files.caFile) }),
      ...(files.certFile !== undefined && { cert: this.#contents.get(files.certFile) }),
      ...(files.keyFile !== undefined && { key: this.#contents.get(files.keyFile) }),
      ...(servername && { servername }),
      minVersion: this.#settings?.minVersion ?? 'TLSv1.2',
    };
  }

  #filesOf(own: CertificatePaths = {}): CertificatePaths {
    const { caFile, certFile, keyFile } = this.#settings ?? {};
    const identity = own.certFile === undefined ? { certFile, keyFile } : own;
    return { caFile: own.caFile ?? caFile, certFile: identity.certFile, keyFile: identity.keyFile };
  }

  /** Each service's files, and those of all the others. */
  #all(): CertificatePaths[] {
    if (!this.#settings) return [];
    return [undefined, ...Object.values(this.#settings.services)].map((own) => this.#filesOf(own));
  }

  #fingerprint(): string {
    return this.#all()
      .flatMap(({ caFile, certFile, keyFile }) => [caFile, certFile, keyFile])
      .map((file) => {
        const found = file === undefined ? undefined : statSync(file, { throwIfNoEntry: false });
        return found ? `${found.ino}:${found.size}:${found.mtimeMs}` : 'none';
      })
      .join(' ');
  }

  #read(): void {
    const contents = new Map<string, Buffer>();
    const content = (file: string | undefined) => {
      if (file === undefined) return undefined;
      const known = contents.get(file) ?? readFileSync(file);
      contents.set(file, known);
      return known;
    };
    for (const { caFile, certFile, keyFile } of this.#all()) {
      try {
        // Text that is no certificate would pass for an empty list of authorities.
        if (caFile !== undefined) new X509Certificate(content(caFile) as Buffer);
        createSecureContext({ ca: content(caFile), cert: content(certFile), key: content(keyFile) });
      } catch (cause) {
        const names = [caFile, certFile, keyFile].filter((file) => file !== undefined).join(', ');
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new RookeryError('GATEWAY_CERTIFICATE', `upstreamTls: ${names} cannot be used: ${reason}. Write PEM.`, {
          cause,
        });
      }
    }
    for (const [file, bytes] of contents) this.#contents.set(file, bytes);
  }
}

/** Whether an instance says the same of how it is called as before. */
export const isCalledAlike = (a: Instance, b: Instance): boolean =>
  a.address === b.address &&
  a.port === b.port &&
  a.grpcPort === b.grpcPort &&
  a.metadata[SCHEME] === b.metadata[SCHEME] &&
  a.metadata[SERVER_NAME] === b.metadata[SERVER_NAME];
