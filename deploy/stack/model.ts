/** Passwords that are made once for a stack, and never stand in the repository. */
export type Secret =
  | 'POSTGRES_PASSWORD'
  | 'RABBITMQ_PASSWORD'
  | 'REDIS_PASSWORD'
  | 'GRAFANA_PASSWORD'
  | 'AUTH_CLIENT_SECRET'
  | 'CONFIG_TOKEN'
  | 'NACOS_TOKEN_KEY'
  | 'NACOS_IDENTITY';

/**
 * Where everything is. The stack is described against this interface alone; docker compose and `npm run stack` are its two
 * implementations, so that what they start cannot differ in anything but addresses, folders and secrets.
 */
export interface World {
  /** The address on which an engine listens for others. */
  readonly listen: string;
  /** Time between two scrapes of Prometheus. */
  readonly scrapeInterval: string;
  /** `host:port` of an engine or app, as the others reach it. */
  at(part: string, port?: string): string;
  /** The number an engine listens on. */
  port(part: string, port?: string): number;
  secret(name: Secret): string;
  /** A variable that whoever runs the stack may set, and what holds when it is unset. */
  setting(name: string, fallback: string): string;
  /** Variables that say who gives tokens; none where the command that starts the apps sets them. */
  issuer(): Record<string, string>;
  /** Variables that say who may ask for tokens; none where the command that starts the apps sets them. */
  clients(): Record<string, string>;
  /** How Prometheus finds the instances of the apps: a part of a scrape configuration. */
  targets(): object;
  /** Folder of an engine's data. */
  data(engine: string): string;
  /** Path of a folder that an app writes and an engine reads. */
  shared(folder: string): string;
  /** Path of a file that the engine describes under `files`. */
  file(engine: string, name: string): string;
}

/** What an app is told of an engine: a variable and its value. */
export interface Provision {
  variable: string;
  /** @param database name of the app's own database, where the engine has several */
  url(world: World, app: string): string;
}

/** How an engine runs in a container. */
export interface ContainerEngine {
  /** The image of others; one of our own where a Dockerfile builds it. */
  image: string;
  /** Path of the Dockerfile in the repository, and its arguments. */
  build?(world: World): { dockerfile: string; args: Record<string, string> };
  /** Runs only when asked for: `docker compose --profile <name>`. */
  profile?: string;
  /** Most memory that it may take. */
  memory: string;
  user?: string;
  /** Where it writes nothing but below /tmp. */
  readOnly?: boolean;
  /** Signal that asks it to end. */
  stop?: NodeJS.Signals;
  /** A name of its own that stays, where the data belongs to the host's name. */
  hostname?: string;
  command?(world: World): string[];
  environment?(world: World): Record<string, string>;
  /** Command that ends with 0 once the engine serves. */
  health: string[];
  /** Where the engine keeps its data inside. */
  volume?: string;
  /** Folders of {@link World.shared} that it reads. */
  reads?: readonly string[];
  /** Folders of the repository that it reads, from deploy/compose: inside -> outside. */
  mounts?: Record<string, string>;
  /** Port that is open on the host, and the variable that moves it. */
  published?: { variable: string; port: number };
}

/** How an engine runs from an installed program, without a container. */
export interface NativeEngine {
  /** The program, or undefined where it is not installed. */
  program(): string | undefined;
  /** What to do when it is missing; a sentence. */
  install: string;
  /** Whether the stack runs without it. */
  optional?: boolean;
  command(world: World, program: string): NativeCommand;
  /** Throws as long as the engine does not serve. */
  ready(world: World): Promise<void>;
  /** Once, when it serves: what the container's entry point or a job does in docker compose. */
  afterStart?(world: World, databases: readonly string[]): Promise<void>;
}

export interface NativeCommand {
  program: string;
  args: string[];
  /** Added to PATH and HOME; nothing else of the environment reaches an engine. */
  environment?: Record<string, string>;
  uid?: number;
  gid?: number;
  /** Signal that asks it to end. */
  stop?: NodeJS.Signals;
  /** How long it may take to end before it is killed; 15 s when not given. */
  patienceMs?: number;
}

/** A server that is not ours. */
export interface Engine {
  name: string;
  purpose: string;
  /** By name; `main` is the one that others use. Inside a container, and natively unless moved. */
  ports: { main: number } & Record<string, number>;
  /** Variable that moves the main port of a native stack. */
  portVariable: string;
  provides?: Provision;
  /** Engines and apps that it reads from. */
  needs?: readonly string[];
  /** Files that it reads, by name. */
  files?(world: World): Record<string, string>;
  container: ContainerEngine;
  /** Not given where no system package has it. */
  native?: NativeEngine;
}

/** An app of apps/ in the stack. */
export interface StackApp {
  name: string;
  port: number;
  grpcPort?: number;
  /** Where its metrics are, when they are not at {@link port}. */
  metricsPort?: number;
  /** Engines and apps that must be healthy first; each tells the app its variable. */
  needs: readonly string[];
  /** Variable of the port under which it is open on the host. */
  published?: { variable: string };
  /** Folder of {@link World.shared} that it writes. */
  writes?: string;
  /** Variables that it has besides those of its needs. */
  variables?(world: World): Record<string, string>;
}

export interface Stack {
  engines: readonly Engine[];
  apps: readonly StackApp[];
}
