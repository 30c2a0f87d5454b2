import { readConfig } from '@plimsoll/service';
import { Module } from '@nestjs/common';
import { guarding } from './addresses.ts';
import { emailSender } from './channels/email.ts';
import { Deliveries } from './deliveries.ts';
import { DeliveryWorker, workerSettings, type WorkerSettings } from './delivery-worker.ts';
import { ManageDeliveries } from './manage-deliveries.ts';
import { ManageSubscriptions, subscriptionSettings, type SubscriptionSettings } from './manage-subscriptions.ts';
import { NotifierConfig, smtpUrlOf } from './notifier.config.ts';
import { eventSource, Notify } from './notify.ts';
import { readSealingKey, Sealing } from './sealing.ts';
import { SealSecrets } from './seal-secrets.ts';
import { sendBy } from './send.ts';
import { Subscriptions } from './subscriptions.ts';

const config = Symbol('config');

const worker = (settings: NotifierConfig, sealing: Sealing): WorkerSettings => {
  const url = smtpUrlOf(settings), connectMs = settings.PLIMSOLL_NOTIFIER_CONNECT_MS;
  return {
    send: sendBy({ guard: guarding(settings.PLIMSOLL_NOTIFIER_ALLOW_NETWORKS), connectMs }, url ? emailSender({ url, from: settings.PLIMSOLL_SMTP_FROM, connectMs }) : undefined, sealing),
    retrySeconds: settings.PLIMSOLL_NOTIFIER_RETRY_SECONDS,
    concurrency: settings.PLIMSOLL_NOTIFIER_CONCURRENCY,
    perReceiver: settings.PLIMSOLL_NOTIFIER_PER_RECEIVER,
    pollMs: settings.PLIMSOLL_NOTIFIER_POLL_MS,
    timeoutMs: settings.PLIMSOLL_NOTIFIER_TIMEOUT_MS,
    keepDays: settings.PLIMSOLL_NOTIFIER_KEEP_DAYS,
  };
};

const subscriptions = (settings: NotifierConfig): SubscriptionSettings => ({
  guard: guarding(settings.PLIMSOLL_NOTIFIER_ALLOW_NETWORKS), hasMail: smtpUrlOf(settings) !== undefined,
  most: settings.PLIMSOLL_NOTIFIER_MAX_SUBSCRIPTIONS, rotationHours: settings.PLIMSOLL_NOTIFIER_ROTATION_HOURS,
});

@Module({
  controllers: [Notify, ManageSubscriptions, ManageDeliveries],
  providers: [
    Subscriptions, Deliveries, DeliveryWorker, SealSecrets,
    { provide: config, useFactory: () => readConfig(NotifierConfig) },
    { provide: Sealing, inject: [config], useFactory: (settings: NotifierConfig) => new Sealing(readSealingKey(settings.PLIMSOLL_NOTIFIER_KEY_FILE)) },
    { provide: workerSettings, inject: [config, Sealing], useFactory: worker },
    { provide: subscriptionSettings, inject: [config], useFactory: subscriptions },
    { provide: eventSource, inject: [config], useFactory: (settings: NotifierConfig) => settings.PLIMSOLL_NOTIFIER_SOURCE },
  ],
})
export class NotifierModule {}
