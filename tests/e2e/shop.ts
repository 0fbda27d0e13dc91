import { type Answer, call, eventually } from './client.ts';

/** The example business as a client sees it, through the gateway. */
export class Shop {
  readonly #url: string;

  constructor(gatewayUrl: string) {
    this.#url = gatewayUrl;
  }

  films(query = ''): Promise<Answer> {
    return call(`${this.#url}/api/catalog/films${query}`);
  }

  order(filmId: string, headers: Record<string, string> = {}): Promise<Answer> {
    return call(`${this.#url}/api/orders`, { json: { items: [{ filmId, quantity: 1 }] }, headers });
  }

  show(orderId: string): Promise<Answer> {
    return call(`${this.#url}/api/orders/${orderId}`);
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
