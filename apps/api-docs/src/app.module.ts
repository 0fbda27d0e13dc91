import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { DocsController } from './docs.controller.ts';
import { DocumentLibrary } from './documents/document-library.ts';
import { securityHeaders } from './page/security-headers.ts';

@Module({ controllers: [DocsController], providers: [DocumentLibrary] })
export class AppModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(securityHeaders).forRoutes(DocsController);
  }
}
