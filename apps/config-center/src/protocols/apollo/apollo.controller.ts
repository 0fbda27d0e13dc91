import { Controller, Get, Headers, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { writeProperties } from '@rookery/config';
import { Public } from '@rookery/security';
import { z } from 'zod';
import { Needs } from '../../access/needs.ts';
import { Visitors } from '../../access/visitors.ts';
import { Documents } from '../../documents/documents.ts';
import { errors } from '../../errors.ts';
import type { Caller } from '../../grey/caller.ts';
import { ModelStore } from '../../model/model-store.ts';
import { LongPolls } from '../../push/long-polls.ts';
import { keyText, type SettingKey } from '../../settings/setting-key.ts';
import { releaseFor } from '../../settings/standing.ts';
import { parameter, type Reply, type Request } from '../exchange.ts';
import { type ApolloConfiguration, readApollo } from './apollo-configuration.ts';
import { APOLLO_ENVIRONMENT, apolloWanted } from './apollo-names.ts';
import { ApolloSignatures } from './apollo-signatures.ts';

const HELD_MS = 60_000;

interface Namespace {
  appId: string;
  cluster: string;
  namespace: string;
}

const Notifications = z
  .array(z.object({ namespaceName: z.string().min(1).max(200), notificationId: z.number().int() }))
  .min(1)
  .max(200);

/** What Apollo's config service answers to its clients. */
@Needs('read', () => [{ environment: APOLLO_ENVIRONMENT }])
@ApiExcludeController()
@Controller()
export class ApolloController {
  constructor(
    @Inject(Documents) private readonly documents: Documents,
    @Inject(LongPolls) private readonly polls: LongPolls,
    @Inject(ApolloSignatures) private readonly signatures: ApolloSignatures,
    @Inject(Visitors) private readonly visitors: Visitors,
    @Inject(ModelStore) private readonly models: ModelStore,
  ) {}

  /** The meta service: every config service is this one. */
  @Get('services/config')
  @Public()
  services(@Headers('host') host = '') {
    const homepageUrl = `http://${host}/`;
    return [{ appName: 'APOLLO-CONFIGSERVICE', instanceId: `${host}:apollo-configservice`, homepageUrl }];
  }

  @Get('configs/:appId/:cluster/:namespace')
  async configs(
    @Param() at: Namespace,
    @Query('dataCenter') dataCentre: string | undefined,
    @Query('releaseKey') known: string | undefined,
    @Req() request: Request,
    @Res({ passthrough: true }) reply: Reply,
  ) {
    const found = await this.#read(at, dataCentre, request, reply);
    if (!found) return notFound(at);
    if (known === found.releaseKey) {
      reply.status(304);
      return undefined;
    }
    const { appId, cluster, namespace: namespaceName } = at;
    return { appId, cluster, namespaceName, configurations: found.configurations, releaseKey: found.releaseKey };
  }

  /** The namespace as .properties. */
  @Get('configfiles/:appId/:cluster/:namespace')
  async file(
    @Param() at: Namespace,
    @Query('dataCenter') dataCentre: string | undefined,
    @Req() request: Request,
    @Res({ passthrough: true }) reply: Reply,
  ) {
    const found = await this.#read(at, dataCentre, request, reply);
    if (!found) return notFound(at);
    reply.header('content-type', 'text/plain;charset=UTF-8');
    return writeProperties(Object.entries(found.configurations));
  }

  @Get('configfiles/json/:appId/:cluster/:namespace')
  async fileAsJson(
    @Param() at: Namespace,
    @Query('dataCenter') dataCentre: string | undefined,
    @Req() request: Request,
    @Res({ passthrough: true }) reply: Reply,
  ) {
    return (await this.#read(at, dataCentre, request, reply))?.configurations ?? notFound(at);
  }

  @Get('configfiles/raw/:appId/:cluster/:namespace')
  async raw(
    @Param() at: Namespace,
    @Query('dataCenter') dataCentre: string | undefined,
    @Req() request: Request,
    @Res({ passthrough: true }) reply: Reply,
  ) {
    const found = await this.#read(at, dataCentre, request, reply);
    if (!found) return notFound(at);
    reply.header('content-type', 'text/plain;charset=UTF-8');
    return found.document.content;
  }

  /**
   * Held until a namespace has a number above the client's. The number is the sum of the versions of all that the namespace
   * is made of: it goes up with each release of any of it, also when a cluster gets settings of its own.
   */
  @Get('notifications/v2')
  async notifications(
    @Query('appId') appId: string | undefined,
    @Query('cluster') cluster = 'default',
    @Query('dataCenter') dataCentre: string | undefined,
    @Query('notifications') text: string | undefined,
    @Req() request: Request,
    @Res({ passthrough: true }) reply: Reply,
  ) {
    if (!appId) throw errors.parameterMissing('appId');
    this.#expectSignature(appId, request);
    const caller = this.#caller(request);
    const model = await this.models.of(APOLLO_ENVIRONMENT);
    const asked = readNotifications(text).map(({ namespaceName, notificationId }) => {
      const { own, shared } = apolloWanted(model, appId, cluster, namespaceName, dataCentre);
      const keys = new Map([...own, ...shared].map(({ key }) => [keyText(key), key]));
      return { namespaceName, notificationId, keys: [...keys.values()] };
    });
    const news = await this.polls.hold(
      asked.flatMap(({ keys }) => keys),
      async (read) => {
        const sum = async (keys: readonly SettingKey[]) => {
          let total = 0;
          for (const key of keys) total += releaseFor(await read(key), key, caller).version;
          return total;
        };
        const changed = [];
        for (const { namespaceName, notificationId, keys } of asked) {
          const now = await sum(keys);
          if (now > Math.max(0, notificationId)) {
            const messages = { details: { [`${appId}+${cluster}+${namespaceName}`]: now } };
            changed.push({ namespaceName, notificationId: now, messages });
          }
        }
        return changed.length > 0 ? changed : undefined;
      },
      HELD_MS,
      reply.raw,
    );
    if (!news) reply.status(304);
    return news;
  }

  /** Apollo's clients send their address and a label. */
  #caller(request: Request): Caller {
    const label = parameter(request, 'label');
    const { instance, ...rest } = this.visitors.caller(request, { environment: APOLLO_ENVIRONMENT });
    return { ...rest, instance: parameter(request, 'ip') ?? instance, labels: label ? { label } : {} };
  }

  /** Also where anyone may read. */
  #expectSignature(appId: string, request: Request): void {
    if (this.signatures.mustSign(appId) && !this.visitors.of(request)) {
      throw errors.signatureInvalid('this app has access keys, and the request is not signed');
    }
  }

  async #read(
    { appId, cluster, namespace }: Namespace,
    dataCentre: string | undefined,
    request: Request,
    reply: Reply,
  ): Promise<ApolloConfiguration | undefined> {
    this.#expectSignature(appId, request);
    const found = await readApollo(
      this.documents,
      apolloWanted(await this.models.of(APOLLO_ENVIRONMENT), appId, cluster, namespace, dataCentre),
      this.#caller(request),
    );
    if (!found) reply.status(404);
    return found;
  }
}

const notFound = ({ appId, cluster, namespace }: Namespace) => ({
  status: 404,
  message: `Could not load configurations with appId: ${appId}, clusterName: ${cluster}, namespace: ${namespace}`,
});

function readNotifications(text: string | undefined): z.output<typeof Notifications> {
  if (!text) throw errors.parameterMissing('notifications');
  try {
    return Notifications.parse(JSON.parse(text));
  } catch {
    throw errors.listeningInvalid('notifications is not [{"namespaceName", "notificationId"}], at most 200');
  }
}
