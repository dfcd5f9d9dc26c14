import { reduceResolution } from '@promontory/model'
import type { FloatHistogram } from '@promontory/model'
import type { ScrapeConfig } from './config.ts'

/** A native histogram has more buckets than allowed, at any resolution; the scrape fails and is counted. */
export class BucketLimitError extends Error {
  override readonly name = 'BucketLimitError'
  constructor() {
    super('histogram bucket limit exceeded')
  }
}

const COARSEST_SCHEMA = -4
const FINEST_SCHEMA = 8

/** Merges buckets until a histogram keeps to `native_histogram_min_bucket_factor` and `native_histogram_bucket_limit`. */
export function limitResolution(histogram: FloatHistogram, job: ScrapeConfig): FloatHistogram {
  const { native_histogram_bucket_limit: limit, native_histogram_min_bucket_factor: factor } = job
  const isExponential = histogram.schema >= COARSEST_SCHEMA && histogram.schema <= FINEST_SCHEMA
  let out = histogram
  const finest = finestSchema(factor)
  if (isExponential && out.schema > finest) out = reduceResolution(out, finest)
  const bucketsMax = limit === 0 ? Infinity : limit
  while (out.positiveBuckets.length + out.negativeBuckets.length > bucketsMax) {
    if (!isExponential || out.schema <= COARSEST_SCHEMA) throw new BucketLimitError()
    out = reduceResolution(out, out.schema - 1)
  }
  return out
}

/** The finest schema whose buckets grow by at least `factor`. */
export function finestSchema(factor: number): number {
  if (factor <= 1) return FINEST_SCHEMA
  const schema = Math.floor(-Math.log2(Math.log2(factor)))
  return Math.min(FINEST_SCHEMA, Math.max(COARSEST_SCHEMA, schema))
}
