import type { Verdict } from '@plimsoll/contracts';
import type { ImageVerdict } from './verdicts.ts';

/** Bytes of reasons in one message: a policy of many long messages must not outgrow what the message server takes (1 MiB). */
const mostBytes = 400_000;

/** A verdict as it leaves the service. */
export const verdictBody = ({ project, digest, reference, decision: { decision, reasons, policy, input_digest, at }, revision, traceId }: ImageVerdict): Verdict => ({
  project, reference, decision, reasons: thatFit(reasons, mostBytes), policy, input_digest, decided_at: at,
  ...(digest !== undefined && { digest }), ...(revision !== undefined && { revision }), ...(traceId !== undefined && { trace_id: traceId }),
});

/** As many from the front as fit; they are sorted worst first. */
export function thatFit<T>(items: readonly T[], bytes: number): T[] {
  let used = 0;
  const fitting = items.findIndex((item) => (used += Buffer.byteLength(JSON.stringify(item)) + 1) > bytes);
  return items.slice(0, fitting < 0 ? items.length : fitting);
}
