import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** The numbers of one service, for Prometheus. Digests and CVE ids never become labels: their number has no end. */
export class Metrics {
  readonly registry = new Registry();
  readonly messages: Histogram<'subject' | 'outcome'>;

  constructor(service: string) {
    this.registry.setDefaultLabels({ service });
    collectDefaultMetrics({ register: this.registry });
    this.messages = this.histogram('plimsoll_message_seconds', 'Time from receiving a message to acknowledging or answering it', ['subject', 'outcome']);
  }

  counter<L extends string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  gauge<L extends string>(name: string, help: string, labelNames: readonly L[] = []): Gauge<L> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  histogram<L extends string>(name: string, help: string, labelNames: readonly L[] = []): Histogram<L> {
    return new Histogram({ name, help, labelNames, registers: [this.registry], buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300] });
  }
}
