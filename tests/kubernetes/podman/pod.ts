import { setTimeout as pause } from 'node:timers/promises';
import type { Container, Manifest, Probe } from '../manifest.ts';
import type { Podman } from './podman.ts';

const POLL_MS = 100;

/** How a container ended, or runs. */
export interface ContainerState {
  Status: string;
  ExitCode: number;
  Pid: number;
}

/** The pod that podman makes of a Deployment, seen as a kubelet sees it. */
export class Pod {
  /** Of the Deployment. */
  readonly service: string;
  readonly name: string;
  /** In the network of the pods. */
  address = '';
  readonly #podman: Podman;
  readonly #container: Container;

  constructor(podman: Podman, { metadata, spec }: Manifest) {
    const [container] = spec?.template?.spec.containers ?? [];
    if (!container) throw new Error(`Deployment ${metadata.name} has no container.`);
    this.#podman = podman;
    this.#container = container;
    this.service = metadata.name;
    this.name = `${metadata.name}-pod-0`;
  }

  /** Waits as the kubelet does: startup probe, then readiness probe, with the time that the manifest gives. */
  async ready(): Promise<void> {
    const { Networks } = await this.#inspect<{ Networks: Record<string, { IPAddress: string }> }>(
      await this.#podman.run(['pod', 'inspect', this.name, '--format', '{{.InfraContainerID}}']),
      '.NetworkSettings',
    );
    this.address = Object.values(Networks)[0]?.IPAddress ?? '';
    const { startupProbe, readinessProbe, livenessProbe } = this.#container;
    await this.#passes(
      'startup',
      startupProbe,
      (startupProbe?.periodSeconds ?? 10) * (startupProbe?.failureThreshold ?? 3),
    );
    await this.#passes('readiness', readinessProbe, 30);
    await this.#passes('liveness', livenessProbe, 10);
  }

  /** A port by its name, as a Service finds it. */
  port(name: string): number | undefined {
    return this.#container.ports?.find((port) => port.name === name)?.containerPort;
  }

  url(path: string): string {
    return `http://${this.address}:${this.port('http')}${path}`;
  }

  state(): Promise<ContainerState> {
    return this.#inspect(`${this.name}-app`, '.State');
  }

  exec(...command: string[]): Promise<string> {
    return this.#podman.run(['exec', `${this.name}-app`, ...command]);
  }

  logs(): Promise<string> {
    return this.#podman.run(['logs', `${this.name}-app`]);
  }

  /** SIGTERM, and the time that the manifest gives before SIGKILL. */
  async stop(withinS: number): Promise<ContainerState> {
    await this.#podman.run(['stop', '--time', String(withinS), `${this.name}-app`]);
    return this.state();
  }

  async #inspect<T>(container: string, part: string): Promise<T> {
    return JSON.parse(await this.#podman.run(['inspect', container, '--format', `{{json ${part}}}`])) as T;
  }

  async #passes(name: string, probe: Probe | undefined, withinS: number): Promise<void> {
    const { path, port } = probe?.httpGet ?? {};
    const url = `http://${this.address}:${typeof port === 'string' ? this.port(port) : port}${path}`;
    const timeoutMs = (probe?.timeoutSeconds ?? 1) * 1_000;
    let last = '';
    for (const endMs = Date.now() + withinS * 1_000; Date.now() < endMs; await pause(POLL_MS)) {
      try {
        const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
        last = `${response.status} ${await response.text()}`;
        if (response.ok) return;
      } catch (error) {
        last = String(error);
      }
    }
    const logs = (await this.logs()).split('\n').slice(-15).join('\n');
    throw new Error(`The ${name} probe of ${this.name} (${url}) did not pass in ${withinS} s: ${last}\n${logs}`);
  }
}
