declare module 'cloud-config-client' {
  interface Options {
    endpoint: string;
    name: string;
    profiles?: string[];
    label?: string;
  }
  export function load(options: Options): Promise<{ get(key: string): unknown; toObject(): Record<string, unknown> }>;
}

declare module 'ctrip-apollo' {
  import type { EventEmitter } from 'node:events';

  interface Namespace extends EventEmitter {
    ready(): Promise<Namespace>;
    get(key: string): string | undefined;
    config(): Record<string, string>;
  }
  interface Cluster {
    enableUpdateNotification(enable: boolean): Cluster;
    namespace(name?: string, type?: 'PROPERTIES' | 'JSON'): Namespace;
  }
  interface Options {
    host: string;
    appId: string;
  }
  export default function apollo(options: Options): Cluster & { cluster(name: string): Cluster };
}
