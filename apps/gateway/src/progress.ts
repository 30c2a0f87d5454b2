import { Bus } from '@plimsoll/bus';
import { ScanProgress, scanProgressSubject, type Progress } from '@plimsoll/contracts';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Wakes } from './wakes.ts';

/** Pushes whose progress is remembered; the oldest goes first. */
const maxPushes = 10_000;

/** How far scans under way are: heard live from the scanners by every gateway, kept in memory, lost without harm. */
@Injectable()
export class LiveProgress implements OnApplicationBootstrap {
  private readonly latest = new Map<string, ScanProgress>();
  private subscription: ReturnType<Bus['nats']['subscribe']> | undefined;
  constructor(private readonly bus: Bus, private readonly wakes: Wakes) {}

  onApplicationBootstrap(): void {
    this.subscription = this.bus.nats.subscribe(scanProgressSubject, { callback: (error, message) => { if (!error) this.hear(message.string()); } });
  }

  beforeApplicationShutdown(): void { this.subscription?.unsubscribe(); }

  of(push: string): Progress | undefined {
    const found = this.latest.get(push);
    return found && { layers_done: found.layers_done, layers_total: found.layers_total, bytes_done: found.bytes_done, bytes_total: found.bytes_total };
  }

  /** Scans of a project that are under way, as last heard. */
  in(project: string): ScanProgress[] { return [...this.latest.values()].filter((one) => one.project === project); }

  /** A push whose reading ended has no progress any more. */
  ended(push: string): void { this.latest.delete(push); }

  private hear(text: string): void {
    const read = ScanProgress.safeParse(jsonOf(text));
    if (!read.success) return;   // nobody needs a progress that cannot be read
    this.latest.delete(read.data.push);
    this.latest.set(read.data.push, read.data);
    if (this.latest.size > maxPushes) this.latest.delete(this.latest.keys().next().value!);
    this.wakes.wake(read.data.project);
  }
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
