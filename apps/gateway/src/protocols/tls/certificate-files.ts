import { readFileSync, statSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { RookeryError } from '@rookery/observability';
import type { TlsSettings } from './tls-settings.ts';

const LOOK_EVERY_MS = 1_000;

/** Hears of certificates as their files change. */
export interface CertificateListener {
  onCertificate(context: SecureContextOptions): void;
  /** The files are no usable pair: the certificate before them stays. */
  onRefused(error: RookeryError): void;
}

/**
 * A certificate, its key and the authorities, as they stand in their files. The files are looked at, not watched: an
 * orchestrator swaps a link somewhere above them, which no watch on a file would notice.
 */
export class CertificateFiles {
  readonly #settings: TlsSettings;
  readonly #listener: CertificateListener;
  readonly #timer: NodeJS.Timeout;
  #seen: string;

  /** Throws when the files are no usable pair. */
  constructor(settings: TlsSettings, listener: CertificateListener, lookEveryMs = LOOK_EVERY_MS) {
    this.#settings = settings;
    this.#listener = listener;
    this.#seen = this.#fingerprint();
    this.current = this.#read();
    this.#timer = setInterval(() => this.#look(), lookEveryMs).unref();
  }

  /** What is in force. */
  current: SecureContextOptions;

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const fingerprint = this.#fingerprint();
    if (fingerprint === this.#seen) return;
    this.#seen = fingerprint;
    try {
      this.current = this.#read();
      this.#listener.onCertificate(this.current);
    } catch (error) {
      this.#listener.onRefused(error as RookeryError);
    }
  }

  #files(): string[] {
    const { certFile, keyFile, caFile } = this.#settings;
    return caFile === undefined ? [certFile, keyFile] : [certFile, keyFile, caFile];
  }

  #fingerprint(): string {
    return this.#files()
      .map((file) => {
        const found = statSync(file, { throwIfNoEntry: false });
        return found ? `${found.ino}:${found.size}:${found.mtimeMs}` : 'none';
      })
      .join(' ');
  }

  #read(): SecureContextOptions {
    const { certFile, keyFile, caFile, minVersion } = this.#settings;
    try {
      const options: SecureContextOptions = {
        cert: readFileSync(certFile),
        key: readFileSync(keyFile),
        ...(caFile !== undefined && { ca: readFileSync(caFile) }),
        minVersion,
      };
      // Throws for a key that is not the certificate's, and for what is no PEM.
      createSecureContext(options);
      return options;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new RookeryError(
        'GATEWAY_CERTIFICATE',
        `The certificate in ${certFile} with the key in ${keyFile} cannot be used: ${reason}. Write both as PEM, the key last.`,
        { cause },
      );
    }
  }
}
