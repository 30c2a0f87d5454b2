/** What is left of somebody's allowance after a call. */
export interface Allowance {
  readonly allowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** Seconds until the next call is allowed; 0 when it is. */
  readonly retryAfter: number;
  /** Seconds until the allowance is whole again. */
  readonly reset: number;
}

interface Bucket { tokens: number; at: number }

/** Callers remembered at once; the one not seen for longest is forgotten first, which at worst gives him a full bucket. */
const maxBuckets = 50_000;

/** Token buckets by caller, in memory: `burst` calls at once, `rate` a second in the long run. Time is an argument. */
export class RateLimits {
  private readonly buckets = new Map<string, Bucket>();
  private readonly rate: number;
  private readonly burst: number;

  constructor(rate: number, burst: number) {
    this.rate = rate;
    this.burst = burst;
  }

  /** Takes one call from a caller's bucket when there is one. `now` in milliseconds. */
  take(caller: string, now: number): Allowance {
    const bucket = this.filled(caller, now);
    const allowed = bucket.tokens >= 1;
    if (allowed) bucket.tokens -= 1;
    return this.allowance(bucket, allowed);
  }

  /** Looks without taking. */
  peek(caller: string, now: number): Allowance {
    const bucket = this.filled(caller, now);
    return this.allowance(bucket, bucket.tokens >= 1);
  }

  private filled(caller: string, now: number): Bucket {
    const known = this.buckets.get(caller);
    const bucket = known ?? { tokens: this.burst, at: now };
    bucket.tokens = Math.min(this.burst, bucket.tokens + Math.max(0, now - bucket.at) / 1000 * this.rate);
    bucket.at = now;
    this.buckets.delete(caller);
    this.buckets.set(caller, bucket);
    if (this.buckets.size > maxBuckets) this.buckets.delete(this.buckets.keys().next().value!);
    return bucket;
  }

  private allowance({ tokens }: Bucket, allowed: boolean): Allowance {
    return {
      allowed, limit: Math.floor(this.burst), remaining: Math.floor(tokens),
      retryAfter: allowed ? 0 : Math.max(1, Math.ceil((1 - tokens) / this.rate)),
      reset: Math.ceil((this.burst - tokens) / this.rate),
    };
  }
}
