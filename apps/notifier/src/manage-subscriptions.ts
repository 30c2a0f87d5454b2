import { randomUUID } from 'node:crypto';
import { Answers } from '@plimsoll/bus';
import { CreateSubscription, DeleteSubscription, ListSubscriptions, ResumeSubscription, RotateSecret, type Answer, type Body, type Channel } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { Controller, Inject } from '@nestjs/common';
import type { Guard } from './addresses.ts';
import { DeliveryWorker } from './delivery-worker.ts';
import { Sealing } from './sealing.ts';
import { newSecret } from './signature.ts';
import { Subscriptions } from './subscriptions.ts';

export interface SubscriptionSettings { readonly guard: Guard; readonly hasMail: boolean; readonly most: number; readonly rotationHours: number }
export const subscriptionSettings = Symbol('subscription settings');

/** Answers what people ask of their subscriptions. Who may ask is the gateway's to know; a subscription of another project is missing. */
@Controller()
export class ManageSubscriptions {
  constructor(
    private readonly subscriptions: Subscriptions, private readonly sealing: Sealing, private readonly worker: DeliveryWorker,
    @Inject(subscriptionSettings) private readonly settings: SubscriptionSettings,
  ) {}

  @Answers(CreateSubscription)
  async create({ project, name, filter, channel }: Body<typeof CreateSubscription>): Promise<Answer<typeof CreateSubscription>> {
    const receiver = await this.receiverOf(channel);
    const id = randomUUID();
    const secret = channel.kind === 'webhook' ? newSecret() : undefined;
    const created = await this.subscriptions.create({ id, project, name, filter, channel }, receiver, secret ? this.sealing.seal(id, secret) : null, this.settings.most);
    return { ...created, ...(secret ? { secret } : {}) };
  }

  @Answers(ListSubscriptions)
  list({ project, limit, page_token: token }: Body<typeof ListSubscriptions>): Promise<Answer<typeof ListSubscriptions>> {
    return this.subscriptions.list(project, limit, token);
  }

  @Answers(DeleteSubscription)
  async delete({ project, id }: Body<typeof DeleteSubscription>): Promise<Answer<typeof DeleteSubscription>> {
    await this.subscriptions.delete(project, id);
    return {};
  }

  @Answers(ResumeSubscription)
  async resume({ project, id }: Body<typeof ResumeSubscription>): Promise<Answer<typeof ResumeSubscription>> {
    const resumed = await this.subscriptions.resume(project, id);
    this.worker.wake();
    return resumed;
  }

  @Answers(RotateSecret)
  async rotate({ project, id }: Body<typeof RotateSecret>): Promise<Answer<typeof RotateSecret>> {
    const secret = newSecret();
    const until = await this.subscriptions.rotate(project, id, this.sealing.seal(id, secret), this.settings.rotationHours);
    return { secret, previous_secret_until: until.toISOString() };
  }

  /** Refuses what could never be delivered, while the person who typed it still looks. */
  private async receiverOf(channel: Channel): Promise<string> {
    if (channel.kind === 'webhook') {
      const url = new URL(channel.url);
      await this.settings.guard(url);
      return url.port ? url.host : `${url.host}:${url.protocol === 'https:' ? 443 : 80}`;
    }
    if (!this.settings.hasMail) throw new Problem('invalid', 'this platform sends no mail; its operator can set PLIMSOLL_SMTP_URL', { code: 'email-not-set-up' });
    return 'smtp';
  }
}
