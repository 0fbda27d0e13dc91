import { Shared } from '../filters/shared.ts';
import type { GatewaySettings } from '../settings.ts';
import { RouteSet, type RouteSetParts } from './route-set.ts';

type Settings = Pick<GatewaySettings, 'routes' | 'defaultFilters'>;
type Parts = Omit<RouteSetParts, 'routes' | 'defaultFilters' | 'previous' | 'shared'>;

/** The routes in force, and how others take their place. Ten thousand take a while to make: what a rehearsal has made is used. */
export class RoutesInForce {
  readonly #parts: Parts;
  readonly #shared = new Shared();
  #current: RouteSet;
  #rehearsed: { settings: Settings; routes: RouteSet } | undefined;

  constructor(parts: Parts, settings: Settings) {
    this.#parts = parts;
    this.#current = this.#make(settings, undefined);
    this.#shared.commit();
  }

  get current(): RouteSet {
    return this.#current;
  }

  /** Fails where settings cannot work; changes nothing. Requests are served meanwhile; one at a time. */
  async rehearse(settings: Settings): Promise<void> {
    this.#forget();
    try {
      const routes = await RouteSet.makeInSlices(this.#partsFor(settings, this.#current));
      this.#rehearsed = { settings, routes };
    } catch (error) {
      void this.#shared.abandon();
      throw error;
    }
  }

  /** Puts others in force, in one step. Throws where they cannot work, and everything stays as it is. */
  replace(settings: Settings): void {
    const before = this.#current;
    if (this.#rehearsed?.settings === settings) {
      this.#current = this.#rehearsed.routes;
      this.#rehearsed = undefined;
    } else {
      this.#forget();
      this.#current = this.#make(settings, before);
    }
    before.retire(this.#shared.commit());
  }

  async close(): Promise<void> {
    this.#forget();
    await new Promise<void>((resolve) => this.#current.retire(async () => resolve()));
    await this.#shared.close();
  }

  /** What was rehearsed does not come. */
  #forget(): void {
    this.#rehearsed?.routes.retire(async () => {});
    this.#rehearsed = undefined;
    void this.#shared.abandon();
  }

  #partsFor({ routes, defaultFilters }: Settings, previous: RouteSet | undefined): RouteSetParts {
    return { ...this.#parts, routes, defaultFilters, previous, shared: this.#shared };
  }

  #make(settings: Settings, previous: RouteSet | undefined): RouteSet {
    try {
      return RouteSet.make(this.#partsFor(settings, previous));
    } catch (error) {
      void this.#shared.abandon();
      throw error;
    }
  }
}
