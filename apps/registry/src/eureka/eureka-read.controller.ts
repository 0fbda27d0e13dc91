import { Controller, Get, Param, UseFilters } from '@nestjs/common';
import { Public } from '@rookery/security';
import { Refusal } from '../domain/refusal.ts';
import { type Exchange, Exchanged } from '../http/exchange.ts';
import { RefusalFilter } from '../http/refusal-filter.ts';
import { type Application, Applications } from './applications.ts';
import { inItsFormat } from './eureka-body.ts';
import type { EurekaJson } from './eureka-instance.ts';
import { EUREKA_PATHS } from './eureka-paths.ts';
import { RecentChanges } from './recent-changes.ts';

/** A hash that no client counts: whoever is told it asks for the whole. */
const ASK_FOR_ALL = 'ASK_FOR_ALL_1_';

/** /eureka: who runs where, for clients of Eureka. */
@Public()
@Controller([...EUREKA_PATHS])
@UseFilters(RefusalFilter)
export class EurekaReadController {
  constructor(
    private readonly applications: Applications,
    private readonly changes: RecentChanges,
  ) {}

  @Get('apps')
  all(@Exchanged() exchange: Exchange): string {
    this.changes.begin();
    return this.#answer(exchange, this.applications.all(), this.applications.hash());
  }

  @Get('apps/delta')
  delta(@Exchanged() exchange: Exchange): string {
    const changed = this.changes.read();
    if (!changed) return this.#answer(exchange, [], ASK_FOR_ALL);
    return this.#answer(exchange, grouped(changed), this.applications.hash());
  }

  @Get('apps/:app')
  application(@Param('app') app: string, @Exchanged() exchange: Exchange): string {
    const application = this.applications.of(app);
    if (!application) throw new Refusal(404, 'no such application');
    return inItsFormat(exchange, { application });
  }

  @Get('apps/:app/:id')
  instance(@Param('app') app: string, @Param('id') id: string, @Exchanged() exchange: Exchange): string {
    return this.#one(
      exchange,
      this.applications.of(app)?.instance.find(({ instanceId }) => instanceId === id),
    );
  }

  @Get('instances/:id')
  anyInstance(@Param('id') id: string, @Exchanged() exchange: Exchange): string {
    const [found] = this.applications.withInstances(({ instanceId }) => instanceId === id);
    return this.#one(exchange, found?.instance[0]);
  }

  @Get('vips/:vip')
  vip(@Param('vip') vip: string, @Exchanged() exchange: Exchange): string {
    return this.#answer(
      exchange,
      this.applications.withInstances(({ vipAddress }) => names(vipAddress, vip)),
    );
  }

  @Get('svips/:vip')
  secureVip(@Param('vip') vip: string, @Exchanged() exchange: Exchange): string {
    const found = this.applications.withInstances(({ secureVipAddress }) => names(secureVipAddress, vip));
    return this.#answer(exchange, found);
  }

  #one(exchange: Exchange, instance: EurekaJson | undefined): string {
    if (!instance) throw new Refusal(404, 'no such instance');
    return inItsFormat(exchange, { instance });
  }

  #answer(exchange: Exchange, application: Application[], hash = ''): string {
    return inItsFormat(exchange, { applications: { versions__delta: '1', apps__hashcode: hash, application } });
  }
}

/** A vip address may be several names. */
const names = (addresses: string | undefined, wanted: string): boolean =>
  (addresses ?? '').split(',').some((address) => address.trim().toLowerCase() === wanted.toLowerCase());

function grouped(instances: readonly EurekaJson[]): Application[] {
  const byApp = Map.groupBy(instances, ({ app }) => app.toUpperCase());
  return [...byApp].map(([name, instance]) => ({ name, instance }));
}
