/** From the port that an address of Nacos names to that of its gRPC: clients know no other way. */
const OFFSET = 1_000;

/** Where Nacos' gRPC listens; undefined where nobody asked for it, since it takes a second port. */
export const nacosGrpcPort = ({ PORT, REGISTRY_NACOS_GRPC }: NodeJS.ProcessEnv): number | undefined =>
  REGISTRY_NACOS_GRPC === 'on' ? Number(PORT) + OFFSET : undefined;
