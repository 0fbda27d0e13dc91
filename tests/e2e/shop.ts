import { accessToken } from '@rookery/cli';
import type { Platform } from '../platform/platform.ts';
import { type Answer, call, eventually } from './client.ts';

/** Well within the life of a token. */
const TOKEN_USED_FOR_MS = 60_000;

/** The example business as a client sees it, through the gateway. */
export class Shop {
  readonly #url: string;
  readonly #home: string;
  #authorization: { value: Promise<{ authorization: string }>; sinceMs: number } | undefined;

  constructor({ gatewayUrl, home }: Pick<Platform, 'gatewayUrl' | 'home'>) {
    this.#url = gatewayUrl;
    this.#home = home;
  }

  /** The header of a client that may do everything, as `rookery token` gives it. */
  authorization(): Promise<{ authorization: string }> {
    if (!this.#authorization || Date.now() - this.#authorization.sinceMs > TOKEN_USED_FOR_MS) {
      const value = accessToken('', { ROOKERY_HOME: this.#home }).then((token) => ({
        authorization: `Bearer ${token}`,
      }));
      this.#authorization = { value, sinceMs: Date.now() };
    }
    return this.#authorization.value;
  }

  films(query = ''): Promise<Answer> {
    return call(`${this.#url}/api/catalog/films${query}`);
  }

  async order(filmId: string, headers: Record<string, string> = {}): Promise<Answer> {
    const json = { items: [{ filmId, quantity: 1 }] };
    return call(`${this.#url}/api/orders`, { json, headers: { ...(await this.authorization()), ...headers } });
  }

  /** An order that was taken: a service too busy to take it (503) is asked again for the same one, as its clients do. */
  async placed(filmId: string): Promise<Answer> {
    const headers = { 'idempotency-key': crypto.randomUUID() };
    return eventually('an order placed', async () => {
      const answer = await this.order(filmId, headers);
      return answer.status === 503 ? undefined : answer;
    });
  }

  async show(orderId: string): Promise<Answer> {
    return call(`${this.#url}/api/orders/${orderId}`, { headers: await this.authorization() });
  }

  async someFilmId(): Promise<string> {
    const { body } = await this.films('?query=star+wars&page=1');
    return body.items[0].id;
  }

  /** Waits until the order is fulfilled. */
  fulfilled(orderId: string, withinMs = 20_000): Promise<Answer> {
    return eventually(
      `order ${orderId} fulfilled`,
      async () => {
        const answer = await this.show(orderId);
        return answer.body.status === 'fulfilled' ? answer : undefined;
      },
      withinMs,
    );
  }
}
