import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Settings } from '@rookery/config';
import { ResilienceSettings, Resources } from '@rookery/resilience';

/** The rules of a service: the section `resilience` of its settings. A wrong rule is refused, and the old ones stay. */
export class ResilienceRules extends Settings(ResilienceSettings, { section: 'resilience' }) {}

/** Puts each release of the rules in force. */
@Injectable()
export class RuleLoader implements OnModuleInit, OnModuleDestroy {
  #stop: (() => void) | undefined;

  constructor(
    @Inject(ResilienceRules) private readonly settings: ResilienceRules,
    @Inject(Resources) private readonly resources: Resources,
  ) {}

  onModuleInit(): void {
    this.resources.load(this.settings.value.rules);
    this.#stop = this.settings.onChange(({ rules }) => this.resources.load(rules));
  }

  onModuleDestroy(): void {
    this.#stop?.();
  }
}
