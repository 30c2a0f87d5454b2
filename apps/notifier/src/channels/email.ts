import { createTransport } from 'nodemailer';
import type { CloudEvent } from '../cloud-event.ts';
import { plainError, type Outcome } from '../outcome.ts';
import { letterOf } from './letter.ts';

export interface Email { readonly id: string; readonly to: readonly string[]; readonly event: CloudEvent }
export interface EmailSettings { readonly url: string; readonly from: string; readonly connectMs: number }

/** Sends one mail to all of a subscription's people. The Message-ID is the delivery's, so that a repeat is shown once by most mail programs. */
export type SendEmail = (email: Email, signal: AbortSignal) => Promise<Outcome>;

/** Mail goes to the operator's own server, so no address is checked; TLS is used where the server offers it, and verified. */
export function emailSender({ url, from, connectMs }: EmailSettings): SendEmail {
  const transport = createTransport({ url, connectionTimeout: connectMs, greetingTimeout: connectMs, disableFileAccess: true, disableUrlAccess: true });
  const domain = /@([^>\s]+)>?\s*$/.exec(from)?.[1] ?? 'localhost';
  return async ({ id, to, event }, signal) => {
    try {
      const { response, rejected } = await transport.sendMail({
        from, to: to.map((address) => ({ name: '', address })), messageId: `<${id}@${domain}>`, ...letterOf(event), signal,
        headers: { 'Auto-Submitted': 'auto-generated', 'X-Plimsoll-Delivery': id },   // RFC 3834: nobody's holiday answer comes back
      });
      return { kind: 'delivered', answer: `${response.slice(0, 200)}${rejected.length ? `; refused for ${rejected.join(', ')}` : ''}` };
    } catch (error) {
      const { code, responseCode, response } = error as { code?: string; responseCode?: number; response?: string };
      const answer = response?.slice(0, 200) ?? plainError(error);
      // RFC 5321, 4.2.1: 5yz to the addresses is for good. Elsewhere (login, greeting) it is a setting somebody will mend.
      return code === 'EENVELOPE' && (responseCode ?? 0) >= 500 ? { kind: 'refused', answer } : { kind: 'failed', answer };
    }
  };
}
