import { operations, type Input } from '@plimsoll/contracts';
import { currentTraceId } from '@plimsoll/telemetry';
import { Controller, Inject } from '@nestjs/common';
import { AcceptPushes } from './accept-pushes.ts';
import { gatewayConfig, type GatewayConfig } from './gateway.config.ts';
import { pushId } from './pushes.ts';
import { readRegistryNews } from './registry-events.ts';
import { principalOf, Serves, type Call } from './serves.ts';
import { checkSignature, secretOf } from './webhook-signature.ts';

/** Registries tell of pushes; each becomes a push of ours, once, however often the registry repeats itself. */
@Controller()
export class RegistryWebhook {
  constructor(private readonly acceptPushes: AcceptPushes, @Inject(gatewayConfig) private readonly config: GatewayConfig) {}

  @Serves(operations.registryWebhook)
  async hear({ project }: Input<typeof operations.registryWebhook>, call: Call): Promise<{ accepted: { push: string; target: string }[]; ignored: number }> {
    const { headers, raw, body } = call.foreign!;
    const secret = secretOf(this.config.PLIMSOLL_GATEWAY_WEBHOOK_SECRET, project);
    if (secret) checkSignature(headers, raw, secret, Date.now() / 1000);
    const { pushes, ignored } = readRegistryNews(body);
    const accepted = pushes.map(({ event, target, digest }) => ({ id: pushId('webhook', project, event), project, target, digest, submittedBy: principalOf(call).subject, traceId: currentTraceId() }));
    await this.acceptPushes.accept(accepted);
    return { accepted: accepted.map(({ id, target }) => ({ push: id, target })), ignored };
  }
}
