import { createHash } from 'node:crypto';
import type { Instance } from '@rookery/discovery';
import { DocumentError, type DocumentProblem } from './errors.ts';
import { documentUrl, type FetchLimits, fetchDocument } from './fetch-document.ts';
import type { Gate } from './gate.ts';
import { parseDocument, throughGateway, withSignIn } from './openapi-document.ts';

/** How it stands with the document of a service. `none`: its instances name no document. */
export type DocumentState =
  | { state: 'waiting' | 'ok' | 'none' }
  | { state: 'unreachable'; code: DocumentProblem; reason: string };

/** A document ready to be sent, and the tag that changes with it. */
export interface ServedDocument {
  body: string;
  etag: string;
  title: string | undefined;
  version: string | undefined;
}

export interface ServiceDocumentOptions {
  limits: FetchLimits;
  /** How long a document counts as fresh, in ms. */
  freshMs: number;
  gate: Gate;
  nowMs: () => number;
  /** Issuer of the platform's tokens, where people sign in. */
  issuer: string;
}

/** Instances that are asked, one after the other, before a document counts as unreachable. */
const ATTEMPTS = 2;

/**
 * The OpenAPI document of one service. It is read when the instances change and when it is asked for after it went
 * stale; the last good one stays while the service cannot be reached.
 */
export class ServiceDocument {
  readonly #options: ServiceDocumentOptions;
  #instances: readonly Instance[] = [];
  #state: DocumentState = { state: 'waiting' };
  #served: ServedDocument | undefined;
  #sourceTag: string | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;
  #turn = 0;

  constructor(options: ServiceDocumentOptions) {
    this.#options = options;
  }

  get instances(): readonly Instance[] {
    return this.#instances;
  }

  get state(): DocumentState {
    return this.#state;
  }

  get served(): ServedDocument | undefined {
    return this.#served;
  }

  /** Tells that the instances are others now; the document is read again where one is new. */
  instancesChanged(instances: readonly Instance[]): void {
    const known = new Set(this.#instances.map(({ id }) => id));
    const grew = instances.some(({ id }) => !known.has(id));
    this.#instances = instances;
    if (!grew) return;
    this.#readAtMs = Number.NEGATIVE_INFINITY;
    void this.refresh();
  }

  /** Reads the document again where it is stale. Settles at once when a state is known already; never rejects. */
  async refresh(): Promise<void> {
    if (this.#options.nowMs() - this.#readAtMs >= this.#options.freshMs) {
      this.#reading ??= this.#options.gate
        .run(() => this.#read())
        .finally(() => {
          this.#reading = undefined;
        });
    }
    if (this.#state.state === 'waiting') await this.#reading;
  }

  async #read(): Promise<void> {
    this.#readAtMs = this.#options.nowMs();
    const documented = this.#instances.filter(({ metadata }) => metadata.openapi);
    if (documented.length === 0) {
      if (this.#instances.length > 0) this.#state = { state: 'none' };
      return;
    }
    const start = this.#turn++;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const instance = documented[(start + attempt) % documented.length];
      if (!instance) return;
      try {
        await this.#readFrom(instance);
        this.#state = { state: 'ok' };
        return;
      } catch (error) {
        const known = error instanceof DocumentError ? error : new DocumentError('DOCS_UNREACHABLE', String(error));
        this.#state = { state: 'unreachable', code: known.code, reason: known.message };
      }
    }
  }

  async #readFrom(instance: Instance): Promise<void> {
    const url = documentUrl(instance, instance.metadata.openapi ?? '');
    const fetched = await fetchDocument(url, this.#served && this.#sourceTag, this.#options.limits);
    if (!fetched.changed) return;
    const document = withSignIn(throughGateway(parseDocument(fetched.text)), this.#options.issuer);
    const body = JSON.stringify(document);
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
    this.#served = { body, etag, title: text(document.info.title), version: text(document.info.version) };
    this.#sourceTag = fetched.etag;
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value.slice(0, 120) : undefined);
