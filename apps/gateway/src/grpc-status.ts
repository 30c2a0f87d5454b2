import type { Problem, ProblemKind } from '@plimsoll/problem';
import { Metadata, status } from '@grpc/grpc-js';

const codes: Readonly<Record<ProblemKind, status>> = {
  invalid: status.INVALID_ARGUMENT, unauthenticated: status.UNAUTHENTICATED, denied: status.PERMISSION_DENIED, missing: status.NOT_FOUND,
  conflict: status.ALREADY_EXISTS, limited: status.RESOURCE_EXHAUSTED, bug: status.INTERNAL, unavailable: status.UNAVAILABLE,
};

/**
 * A Problem as gRPC tells it: a code, and in `grpc-status-details-bin` a google.rpc.Status with ErrorInfo (reason: the problem's
 * code), BadRequest (its parts) and RequestInfo (the trace id).
 * Source: googleapis google/rpc/status.proto, error_details.proto.
 */
export function grpcStatus(problem: Problem, traceId: string | undefined): { code: status; details: string; metadata: Metadata } {
  const code = codes[problem.kind];
  const reason = (problem.code ?? problem.kind).replaceAll('-', '_').toUpperCase();
  const details = [
    any('ErrorInfo', [text(1, reason), text(2, 'plimsoll')]),
    ...(problem.errors ? [any('BadRequest', problem.errors.map(({ where, what }) => bytes(1, Buffer.concat([text(1, where.replace(/^#\//, '').replaceAll('/', '.')), text(2, what)]))))] : []),
    ...(traceId ? [any('RequestInfo', [text(1, traceId)])] : []),
  ];
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', Buffer.concat([Buffer.from([1 << 3]), varint(code), text(2, problem.detail), ...details.map((detail) => bytes(3, detail))]));
  return { code, details: problem.detail, metadata };
}

/** google.protobuf.Any. */
const any = (name: string, fields: Buffer[]): Buffer => Buffer.concat([text(1, `type.googleapis.com/google.rpc.${name}`), bytes(2, Buffer.concat(fields))]);
const text = (field: number, value: string): Buffer => bytes(field, Buffer.from(value));
/** Wire type 2, length-delimited; fields here are below 16, so their tag is one byte. */
const bytes = (field: number, value: Buffer): Buffer => Buffer.concat([Buffer.from([field << 3 | 2]), varint(value.length), value]);

function varint(value: number): Buffer {
  const out: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...out, rest]);
    out.push(rest & 0x7f | 0x80);
  }
}
