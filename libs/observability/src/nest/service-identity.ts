/** Who this process is. Injectable everywhere in an application that libs/service started. */
export class ServiceIdentity {
  /** Name in the registry: `orders`. Also the consumer group and the name under which settings are published. */
  readonly name: string;
  /** Unique for this process: `orders-3f9c12ab`. */
  readonly instance: string;
  readonly version: string;
  readonly zone: string | undefined;

  constructor(identity: { name: string; instance: string; version?: string; zone?: string }) {
    this.name = identity.name;
    this.instance = identity.instance;
    this.version = identity.version ?? '0.0.0';
    this.zone = identity.zone;
  }
}
