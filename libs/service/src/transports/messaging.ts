import type { INestApplication } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { MessagingServer } from '@rookery/messaging';
import { type ObservedHandlersOptions, observeHandlers } from './observed-handlers.ts';

/** Whether the application has MessagingModule somewhere; looks without loading the library. */
const hasMessaging = (app: INestApplication): boolean =>
  [...app.get(ModulesContainer).values()].some(({ metatype }) => metatype.name === 'MessagingModule');

/** Connects the message handlers of an application that imports MessagingModule; undefined for one that does not. */
export async function connectMessaging(
  app: INestApplication,
  group: string,
  observed: Omit<ObservedHandlersOptions, 'transport'>,
): Promise<MessagingServer | undefined> {
  if (!hasMessaging(app)) return undefined;
  const { MessagingServer } = await import('@rookery/messaging');
  const server = app.get(MessagingServer, { strict: false });
  server.useGroup(group);
  observeHandlers(server, { ...observed, transport: 'messaging' });
  app.connectMicroservice({ strategy: server }, { inheritAppConfig: true });
  return server;
}
