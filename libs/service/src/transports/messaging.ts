import type { INestApplication } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { type ObservedHandlersOptions, observeHandlers } from './observed-handlers.ts';

/** Whether the application has MessagingModule somewhere; looks without loading the library. */
const hasMessaging = (app: INestApplication): boolean =>
  [...app.get(ModulesContainer).values()].some(({ metatype }) => metatype.name === 'MessagingModule');

/** Connects the message handlers of an application that imports MessagingModule, and of no other. */
export async function connectMessaging(
  app: INestApplication,
  group: string,
  observed: Omit<ObservedHandlersOptions, 'transport'>,
): Promise<void> {
  if (!hasMessaging(app)) return;
  const { MessagingServer } = await import('@rookery/messaging');
  const server = app.get(MessagingServer, { strict: false });
  server.useGroup(group);
  observeHandlers(server, { ...observed, transport: 'messaging' });
  app.connectMicroservice({ strategy: server }, { inheritAppConfig: true });
}
