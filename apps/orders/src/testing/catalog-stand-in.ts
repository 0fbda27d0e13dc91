import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GrpcMethod } from '@nestjs/microservices';
import { catalogProto, type GetFilmsRequest, type GetFilmsResponse } from '@rookery/contracts';
import { grpcTransport } from '@rookery/rpc';

const FILMS = [
  { id: 'film-0001', title: 'The Land Girls', priceCents: 1099, version: 1 },
  { id: 'film-0002', title: 'First Love, Last Rites', priceCents: 1099, version: 1 },
];

/** How the stand-in answers now. */
export const catalog = { handle: async (): Promise<void> => {}, calls: 0 };

@Controller()
class CatalogStandIn {
  @GrpcMethod('CatalogService')
  async getFilms({ ids }: GetFilmsRequest): Promise<GetFilmsResponse> {
    catalog.calls++;
    await catalog.handle();
    const films = FILMS.filter((film) => ids.includes(film.id));
    return { films, missingIds: ids.filter((id) => !films.some((film) => film.id === id)) };
  }
}

@Module({ controllers: [CatalogStandIn] })
class CatalogStandInModule {}

/** A gRPC server with the catalog's contract and two films; apps do not import each other. */
export async function startCatalogStandIn(port = 0): Promise<{ port: number; kill(): void }> {
  const transport = grpcTransport({ ...catalogProto, port });
  const app = await NestFactory.createMicroservice(CatalogStandInModule, { ...transport, logger: false });
  await app.listen();
  return { port: transport.strategy.port, kill: () => transport.strategy.kill() };
}
