import { float, int, optional, struct, text, withDefault, checked, fieldNode } from '@promontory/base/yaml'
import type { Schema } from '@promontory/base/yaml'
import { byteSize, duration } from '@promontory/model/yaml'

export interface RetentionConfig {
  /** Milliseconds; 0 leaves it to the flags. */
  readonly time: number
  /** Bytes; 0 leaves it to the flags. */
  readonly size: number
  /** Of the disk; 0 is off. */
  readonly percentage: number
}

export interface TsdbConfig {
  /** Milliseconds. */
  readonly out_of_order_time_window: number
  readonly stale_series_compaction_threshold: number
  readonly chunk_encoding: { readonly floats: string } | undefined
  readonly retention: RetentionConfig | undefined
}

export interface StorageConfig {
  readonly tsdb: TsdbConfig | undefined
  readonly exemplars: { readonly max_exemplars: number } | undefined
}

const percentage: Schema<number> = {
  type: 'float64',
  decode(node, context) {
    const value = float.decode(node, context)
    if (value >= 0 && value <= 100) return value
    return context.fail(
      node,
      `'storage.tsdb.retention.percentage' must be in the range [0, 100], got ${value}`,
    )
  },
  encode: (value) => value,
}

const floatEncoding: Schema<string> = text('string', (source) => {
  if (['', 'xor', 'xor2'].includes(source)) return source
  throw new Error(
    `'storage.tsdb.chunk_encoding.floats' must be 'xor' or 'xor2', or the field must be omitted entirely, got "${source}"`,
  )
})

const tsdb: Schema<TsdbConfig> = checked(
  struct('config.plain', {
    out_of_order_time_window: withDefault(duration, 0),
    stale_series_compaction_threshold: withDefault(float, 0),
    chunk_encoding: optional(
      struct('config.ChunkEncodingConfig', { floats: withDefault(floatEncoding, '') }),
    ),
    retention: optional(
      struct('config.plain', {
        time: withDefault(duration, 0),
        size: withDefault(byteSize, 0),
        percentage: withDefault(percentage, 0),
      }),
    ),
  }),
  (config, node, context) => {
    if (config.chunk_encoding?.floats === 'xor2')
      context.unsupported(
        fieldNode(node, 'chunk_encoding', 'floats'),
        'writing xor2 chunks is not supported, use xor',
      )
    if (config.stale_series_compaction_threshold > 0)
      context.unsupported(
        fieldNode(node, 'stale_series_compaction_threshold'),
        'compacting stale series early is not supported, leave it 0',
      )
    if ((config.retention?.percentage ?? 0) > 0)
      context.unsupported(fieldNode(node, 'retention', 'percentage'), 'not supported yet: use retention.size')
  },
)

/** The `storage` section. */
export const storageConfig: Schema<StorageConfig> = struct('config.StorageConfig', {
  tsdb: optional(tsdb),
  exemplars: optional(struct('config.ExemplarsConfig', { max_exemplars: withDefault(int, 100_000) })),
})

export const DEFAULT_STORAGE: StorageConfig = { tsdb: undefined, exemplars: undefined }
