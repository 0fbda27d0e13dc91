import { type CatalogService, catalogProto } from '@rookery/contracts';
import { GrpcClient } from '@rookery/rpc';

/** The catalog, over gRPC. An instance that hangs is given up after a second, and another one asked. */
export class CatalogClient extends GrpcClient<CatalogService>({
  service: 'catalog',
  proto: catalogProto,
  name: 'CatalogService',
  tryTimeoutMs: 1_000,
}) {}
