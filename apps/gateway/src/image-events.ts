import type { ImageEvent } from '@plimsoll/contracts';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { LiveProgress } from './progress.ts';
import { Wakes } from './wakes.ts';

/** Which events somebody follows. */
export interface Following { readonly project: string; readonly digest?: string | undefined; readonly push?: string | undefined }

const batchSize = 200;

/** What happened to images, in one order per project, kept for those who come later. */
@Injectable()
export class ImageEvents {
  constructor(private readonly db: DataSource, private readonly progress: LiveProgress, private readonly wakes: Wakes) {}

  /** Writes an event at the project's next number. Last in its transaction: it locks the project's clock until commit. */
  async add(tx: EntityManager, event: Omit<ImageEvent, 'id' | 'at'>): Promise<void> {
    const [{ last }] = await tx.query(`
      insert into project_clocks (project, last) values ($1, 1) on conflict (project) do update set last = project_clocks.last + 1 returning last`, [event.project]) as [{ last: string }];
    await tx.query('insert into image_events (project, seq, push, digest, event) values ($1, $2, $3, $4, $5)', [event.project, last, event.push ?? null, event.digest ?? null, JSON.stringify(event)]);
  }

  /** The number of the latest event; following after it is following from now on. */
  async latest(project: string): Promise<number> {
    const [row] = await this.db.query('select last from project_clocks where project = $1', [project]) as { last: string }[];
    return Number(row?.last ?? 0);
  }

  /** Events after a number, then new ones as they come, with progress between, until the signal aborts. */
  async *follow(following: Following, after: number, signal: AbortSignal): AsyncGenerator<ImageEvent> {
    const pushes = new Set(following.push ? [following.push] : []);
    const told = new Map<string, string>();
    let seen = after;
    while (!signal.aborted) {
      const woken = this.wakes.next(following.project, signal);
      const batch = await this.after(following, seen);
      for (const { seq, event } of batch) {
        seen = seq;
        if (event.push) pushes.add(event.push);
        yield event;
      }
      for (const event of this.moving(following, pushes, told)) yield event;
      for (const push of told.keys()) if (!this.progress.of(push)) told.delete(push);
      if (batch.length < batchSize) await woken;
    }
  }

  private async after({ project, digest, push }: Following, seen: number): Promise<{ seq: number; event: ImageEvent }[]> {
    const rows = await this.db.query(`
      select seq, event, at from image_events
      where project = $1 and seq > $2 and ($3::text is null or digest = $3) and ($4::uuid is null or push = $4)
      order by seq limit ${batchSize}`, [project, seen, digest ?? null, push ?? null]) as { seq: string; event: ImageEvent; at: Date }[];
    return rows.map(({ seq, event, at }) => ({ seq: Number(seq), event: { id: seq, ...event, at: at.toISOString() } }));
  }

  /** Progress that changed since it was told last; of an image only when it is known which pushes are its. */
  private *moving({ project, digest, push }: Following, pushes: ReadonlySet<string>, told: Map<string, string>): Generator<ImageEvent> {
    for (const { push: moving, project: _, ...progress } of this.progress.in(project)) {
      if ((digest || push) && !pushes.has(moving)) continue;
      const text = JSON.stringify(progress);
      if (told.get(moving) === text) continue;
      told.set(moving, text);
      yield { type: 'image.indexing', at: new Date().toISOString(), project, push: moving, digest, progress };
    }
  }
}
