import 'reflect-metadata';
import { createService } from '@rookery/service';
import { AppModule } from '../app.module.ts';
import { serviceOptions } from '../service-options.ts';

/** A replica in a process of its own, which a suite may kill; tells its address over IPC. */
const without = [...(serviceOptions.without ?? []), 'discovery'] as const;
const environment = { PORT: '0', LOG_LEVEL: 'silent' };
const replica = await createService(AppModule, { ...serviceOptions, without }, { environment });
process.send?.({ url: replica.urls.http });
