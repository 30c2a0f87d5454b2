import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { readNetworks } from './addresses.ts';

/** The notifier's own settings, beside those every service has. */
export const NotifierConfig = z.object({
  /** Networks webhooks may reach although they are not public: CIDRs separated by commas. None: a tenant must not reach our own network. */
  PLIMSOLL_NOTIFIER_ALLOW_NETWORKS: z.string().default('').transform((text, context) => {
    try {
      return readNetworks(text.split(',').map((network) => network.trim()).filter(Boolean));
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
      return z.NEVER;
    }
  }),
  /** A file with 32 bytes in base64 that seals webhook secrets at rest. Without it they are stored readable, and the log says so. */
  PLIMSOLL_NOTIFIER_KEY_FILE: z.string().optional(),
  /** Waits between attempts, in seconds; one more attempt than waits. As Standard Webhooks proposes: at once at first, then over days. */
  PLIMSOLL_NOTIFIER_RETRY_SECONDS: z.string().default('5,30,120,600,1800,7200,18000,36000,50400,72000,86400')
    .transform((text) => text.split(',').map(Number)).pipe(z.array(z.number().positive()).min(1).max(50)),
  /** Deliveries under way in one process: sockets and memory, not processor time. */
  PLIMSOLL_NOTIFIER_CONCURRENCY: z.coerce.number().int().min(1).max(1000).default(32),
  /** Of these, to one receiver: a slow one keeps nobody waiting, and none is flooded. */
  PLIMSOLL_NOTIFIER_PER_RECEIVER: z.coerce.number().int().min(1).max(1000).default(4),
  /** How often a process looks for what is due or was left behind; a new delivery is sent at once by the process that wrote it. */
  PLIMSOLL_NOTIFIER_POLL_MS: z.coerce.number().int().min(50).default(1_000),
  /** Connecting, TLS included. */
  PLIMSOLL_NOTIFIER_CONNECT_MS: z.coerce.number().int().min(100).default(5_000),
  /** One attempt from name look-up to answer; Standard Webhooks recommends 15 to 30 s. */
  PLIMSOLL_NOTIFIER_TIMEOUT_MS: z.coerce.number().int().min(100).max(60_000).default(15_000),
  /** How long receipts are kept; longer than any event can come again (7 days in the stream, 30 as a dead letter). */
  PLIMSOLL_NOTIFIER_KEEP_DAYS: z.coerce.number().int().min(31).default(90),
  /** Subscriptions of one project. */
  PLIMSOLL_NOTIFIER_MAX_SUBSCRIPTIONS: z.coerce.number().int().min(1).default(200),
  /** Hours the old webhook secret still signs after a rotation. */
  PLIMSOLL_NOTIFIER_ROTATION_HOURS: z.coerce.number().positive().default(24),
  /** Where our events come from: the start of CloudEvents `source`, so that a receiver of several platforms can tell them apart. */
  PLIMSOLL_NOTIFIER_SOURCE: z.string().regex(/^[\w:/.~-]+$/).default('/plimsoll'),
  /** `smtp://user:password@host:587`, `smtps://…`; or the file that holds it. Without it there are no e-mail subscriptions. */
  PLIMSOLL_SMTP_URL: z.string().regex(/^smtps?:\/\//).optional(),
  PLIMSOLL_SMTP_URL_FILE: z.string().optional(),
  PLIMSOLL_SMTP_FROM: z.string().default('Plimsoll <plimsoll@localhost>'),
});
export type NotifierConfig = z.output<typeof NotifierConfig>;

export const smtpUrlOf = ({ PLIMSOLL_SMTP_URL, PLIMSOLL_SMTP_URL_FILE }: NotifierConfig): string | undefined =>
  PLIMSOLL_SMTP_URL_FILE ? readFileSync(PLIMSOLL_SMTP_URL_FILE, 'utf8').trim() : PLIMSOLL_SMTP_URL;
