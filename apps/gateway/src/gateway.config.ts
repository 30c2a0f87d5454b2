import { readFileSync } from 'node:fs';
import { readConfig } from '@plimsoll/service';
import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65535);
const rate = z.coerce.number().positive().max(1_000_000);

/** What the public door can be told; every setting has a default that is safe on one machine. */
export const GatewayConfig = z.object({
  /** Loopback: a platform that nobody configured is not on the network. */
  PLIMSOLL_HTTP_HOST: z.string().default('127.0.0.1'),
  PLIMSOLL_HTTP_PORT: port.default(8080),
  PLIMSOLL_GRPC_HOST: z.string().default('127.0.0.1'),
  PLIMSOLL_GRPC_PORT: port.default(9090),
  /** Addresses whose X-Forwarded-For is believed, e.g. `10.0.0.0/8`. None: a stranger cannot choose the address he is counted under. */
  PLIMSOLL_GATEWAY_TRUST_PROXY: z.string().optional(),
  /** Largest request body. Messages between services end at 1 MiB, so more could not be passed on. */
  PLIMSOLL_GATEWAY_BODY_BYTES: z.coerce.number().int().min(1024).max(16 * 2 ** 20).default(2 ** 20),
  /** Time to send a request in; slow senders hold a socket no longer. */
  PLIMSOLL_GATEWAY_RECEIVE_SECONDS: z.coerce.number().positive().default(30),
  /** Calls a second of one caller, and how many may come at once. Each gateway process counts for itself. */
  PLIMSOLL_GATEWAY_RATE: rate.default(100),
  PLIMSOLL_GATEWAY_BURST: rate.default(500),
  /** The same for one address that has not said who it is, or said it wrongly: guessing passwords stays slow. */
  PLIMSOLL_GATEWAY_ANONYMOUS_RATE: rate.default(5),
  PLIMSOLL_GATEWAY_ANONYMOUS_BURST: rate.default(50),
  /** Event streams open at once, and of one caller: each holds a socket and asks the database once a second. */
  PLIMSOLL_GATEWAY_STREAMS: z.coerce.number().int().positive().default(500),
  PLIMSOLL_GATEWAY_STREAMS_PER_CALLER: z.coerce.number().int().positive().default(20),
  PLIMSOLL_GATEWAY_HEARTBEAT_SECONDS: z.coerce.number().positive().default(15),
  PLIMSOLL_GATEWAY_KEEP_EVENTS_DAYS: z.coerce.number().positive().default(30),
  /** How often images beyond what their project keeps are forgotten, and tags looked at again. */
  PLIMSOLL_GATEWAY_UPKEEP_SECONDS: z.coerce.number().positive().default(300),
  /** Registries must sign with this: one secret for all projects, or JSON `{"project": "secret"}`. A file is preferred: it does not show in a process list. */
  PLIMSOLL_GATEWAY_WEBHOOK_SECRET: z.string().optional(),
  PLIMSOLL_GATEWAY_WEBHOOK_SECRET_FILE: z.string().optional(),
});
export type GatewayConfig = z.output<typeof GatewayConfig>;

/** Injection token of the settings. */
export const gatewayConfig = Symbol('GatewayConfig');

export const readGatewayConfig = (env: NodeJS.ProcessEnv): GatewayConfig => {
  const config = readConfig(GatewayConfig, env);
  const file = config.PLIMSOLL_GATEWAY_WEBHOOK_SECRET_FILE;
  return file ? { ...config, PLIMSOLL_GATEWAY_WEBHOOK_SECRET: readFileSync(file, 'utf8').trim() } : config;
};
