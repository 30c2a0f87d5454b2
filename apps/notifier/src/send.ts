import type { SendEmail } from './channels/email.ts';
import { sendWebhook, type WebhookSettings } from './channels/webhook.ts';
import type { Send } from './delivery-worker.ts';
import type { Sealing } from './sealing.ts';

/** One attempt by the delivery's own channel. */
export const sendBy = (webhook: WebhookSettings, sendEmail: SendEmail | undefined, sealing: Sealing): Send =>
  async ({ id, subscription, channel, event, storedSecrets }, signal) => {
    switch (channel.kind) {
      case 'webhook': return sendWebhook({ id, url: channel.url, event, secrets: storedSecrets.map((stored) => sealing.open(subscription, stored)) }, webhook, signal);
      case 'email': return sendEmail ? sendEmail({ id, to: channel.to, event }, signal) : { kind: 'failed', answer: 'this platform has no mail server set (PLIMSOLL_SMTP_URL)' };
    }
  };
