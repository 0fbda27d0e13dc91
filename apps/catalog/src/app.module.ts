import { Module } from '@nestjs/common';
import { DatabaseModule } from '@rookery/database';
import { SecurityModule } from '@rookery/security';
import { FilmsController } from './films/films.controller.ts';
import { FilmsGrpc } from './films/films.grpc.ts';
import { Films } from './films/films.ts';
import { migrations } from './migrations/index.ts';

@Module({
  imports: [SecurityModule.forRoot(), DatabaseModule.forRoot({ migrations })],
  controllers: [FilmsController, FilmsGrpc],
  providers: [Films],
})
export class AppModule {}
