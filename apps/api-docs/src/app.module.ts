import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { SecurityModule } from '@rookery/security';
import { DocsController } from './docs.controller.ts';
import { DocumentLibrary } from './documents/document-library.ts';
import { securityHeaders } from './page/security-headers.ts';
import { SignIn, signInFromEnvironment } from './sign-in.ts';

@Module({
  imports: [SecurityModule.forRoot()],
  controllers: [DocsController],
  providers: [DocumentLibrary, { provide: SignIn, useFactory: signInFromEnvironment }],
})
export class AppModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(securityHeaders).forRoutes(DocsController);
  }
}
