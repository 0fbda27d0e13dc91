import { type ConsulConnection, consulStatusOf } from '@rookery/connections/consul';
import { type Claim, ClaimForgotten } from '../../driver-coordination.ts';

const SHORTEST_TTL_MS = 10_000;
const LONGEST_TTL_MS = 86_400_000;

/** A session of one claim. Its end takes the lock's key away. */
export class ConsulSession {
  private constructor(
    private readonly connection: ConsulConnection,
    readonly id: string,
    readonly ttlMs: number,
    private readonly name: string,
    /** performance.now() of before the last renewal was asked for. */
    public renewedAtMs: number,
  ) {}

  static async create(connection: ConsulConnection, { name, leaseMs }: Claim): Promise<ConsulSession> {
    const ttlMs = Math.min(Math.max(Math.ceil(leaseMs / 1_000) * 1_000, SHORTEST_TTL_MS), LONGEST_TTL_MS);
    const sinceMs = performance.now();
    const request = { name: `lock ${name}`, ttl: `${ttlMs / 1_000}s`, lockdelay: '0s', behavior: 'delete' as const };
    const { body } = await connection.call(`lock ${name}`, (options) =>
      connection.client.session.create({ ...request, ...options }),
    );
    return new ConsulSession(connection, (body as { ID: string }).ID, ttlMs, name, sinceMs);
  }

  /** Answers false when it is over. */
  async renew(): Promise<boolean> {
    const askedAtMs = performance.now();
    try {
      await this.connection.call(`renew the lock ${this.name}`, (options) =>
        this.connection.client.session.renew({ id: this.id, ...options }),
      );
      this.renewedAtMs = askedAtMs;
      return true;
    } catch (error) {
      if (consulStatusOf(error) === 404) return false;
      throw error;
    }
  }

  async renewWhenDue(): Promise<void> {
    if (performance.now() - this.renewedAtMs < this.ttlMs / 4) return;
    if (!(await this.renew())) throw new ClaimForgotten(`the session that waited for ${this.name} is over`);
  }

  async destroy(): Promise<void> {
    await this.connection.call(`unlock ${this.name}`, (options) =>
      this.connection.client.session.destroy({ id: this.id, ...options }),
    );
  }
}
