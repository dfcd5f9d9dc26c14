/**
 * Prometheus's write-ahead log. A segment is a file of pages; a record lies in one fragment or several, never across
 * segments; a fragment has a header of 7 bytes: type and compression, length (16 bit), CRC-32C (32 bit), big-endian.
 * See docs/format/wal.md.
 */
export const PAGE_BYTES: number = 32 * 1024
export const SEGMENT_BYTES: number = 128 * 1024 * 1024
export const HEADER_BYTES = 7

export const FragmentType = { pageEnd: 0, full: 1, first: 2, middle: 3, last: 4 } as const
export const FRAGMENT_TYPE_MASK = 7
export const SNAPPY_FLAG = 8
export const ZSTD_FLAG = 16

export type WalCompression = 'none' | 'snappy' | 'zstd'

/** First byte of a record. */
export const RecordType = {
  series: 1,
  samples: 2,
  tombstones: 3,
  exemplars: 4,
  mmapMarkers: 5,
  metadata: 6,
  histograms: 7,
  floatHistograms: 8,
  customHistograms: 9,
  customFloatHistograms: 10,
} as const

/** `00000042`, as Prometheus names segments. */
export function segmentName(index: number): string {
  return String(index).padStart(8, '0')
}

/** The number of a segment file, undefined for other names. */
export function segmentIndex(name: string): number | undefined {
  return /^\d{8,}$/.test(name) ? Number(name) : undefined
}
