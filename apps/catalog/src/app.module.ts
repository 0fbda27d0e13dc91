import { Module } from '@nestjs/common';
import { DatabaseModule } from '@rookery/database';
import { MessagingModule } from '@rookery/messaging';
import { SecurityModule } from '@rookery/security';
import { ChangeFilm } from './films/change-film.ts';
import { FilmsController } from './films/films.controller.ts';
import { FilmsGrpc } from './films/films.grpc.ts';
import { Films } from './films/films.ts';
import { migrations } from './migrations/index.ts';

@Module({
  imports: [
    SecurityModule.forRoot(),
    DatabaseModule.forRoot({ migrations }),
    MessagingModule.forRoot({ outbox: true }),
  ],
  controllers: [FilmsController, FilmsGrpc],
  providers: [Films, ChangeFilm],
})
export class AppModule {}
