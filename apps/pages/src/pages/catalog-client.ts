import { type CatalogService, catalogProto } from '@rookery/contracts';
import { GrpcClient } from '@rookery/rpc';

/** The catalog, over gRPC. */
export class CatalogClient extends GrpcClient<CatalogService>({
  service: 'catalog',
  proto: catalogProto,
  name: 'CatalogService',
}) {}
