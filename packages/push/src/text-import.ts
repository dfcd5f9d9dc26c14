import { gunzipSync } from 'node:zlib'
import { ExpositionError, parseExposition } from '@promontory/exposition'
import { AppendBatch, type Appender, AppendStatus, Labels } from '@promontory/model'
import { PushError } from './errors.ts'

/** A body may be so long, before and after decompression. */
export const IMPORT_BYTES_MAX: number = 64 * 1024 * 1024

export interface TextImport {
  readonly body: Buffer
  readonly contentType: string
  readonly contentEncoding: string
  /** Time of samples that have none, Unix milliseconds. */
  readonly timeMs: number
  /** `name=value`, added to every series; wins over the series' own. */
  readonly extraLabels: readonly string[]
}

/**
 * Stores samples in text form as VictoriaMetrics's `/api/v1/import/prometheus` does: with the timestamps that they have.
 * @returns how many were stored, and why others were not
 * @throws PushError when the body cannot be read (then nothing of it is stored), StorageError
 */
export function importText(
  appender: Appender,
  { body, contentType, contentEncoding, timeMs, extraLabels }: TextImport,
): { readonly stored: number; readonly refused: string | undefined } {
  const extra = extraLabels.map(parseExtraLabel)
  const batch = new AppendBatch(4096)
  let refused: string | undefined
  const add = (labels: Labels, value: number, atMs: number | undefined): void => {
    const ref = appender.seriesRef(extra.length === 0 ? labels : Labels.from([...labels, ...extra]))
    if (ref < 0) refused ??= 'the storage takes no more series'
    else batch.push(ref, atMs ?? timeMs, value)
  }
  const format = contentType.startsWith('application/openmetrics-text') ? 'openmetrics' : 'text'
  try {
    parseExposition(decompressed(body, contentEncoding), format, {
      sample: add,
      histogram: () => {},
      metadata: () => {},
    })
  } catch (error) {
    if (error instanceof ExpositionError) throw new PushError(400, `line ${error.line}: ${error.message}`)
    throw error
  }
  const { appended, statuses } = appender.append(batch)
  const fault = statuses.find(
    (status) => status !== AppendStatus.appended && status !== AppendStatus.duplicateSame,
  )
  if (fault !== undefined) refused ??= STATUS_TEXTS[fault] ?? 'the sample could not be stored'
  return { stored: appended, refused }
}

const STATUS_TEXTS: Readonly<Record<number, string>> = {
  [AppendStatus.outOfOrder]: 'out of order sample: see storage.tsdb.out_of_order_time_window',
  [AppendStatus.duplicateTimestamp]: 'duplicate sample for timestamp',
  [AppendStatus.tooOld]: 'too old sample: see storage.tsdb.out_of_order_time_window',
  [AppendStatus.outOfBounds]: 'out of bounds',
}

function parseExtraLabel(text: string): readonly [string, string] {
  const at = text.indexOf('=')
  if (at <= 0) throw new PushError(400, `extra_label "${text}": expected name=value`)
  return [text.slice(0, at), text.slice(at + 1)]
}

function decompressed(body: Buffer, encoding: string): Buffer {
  if (encoding === '' || encoding === 'identity') return body
  if (encoding !== 'gzip')
    throw new PushError(415, `content encoding ${encoding} is not accepted; accepted: gzip`)
  try {
    return gunzipSync(body, { maxOutputLength: IMPORT_BYTES_MAX })
  } catch (error) {
    const isTooLong = (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE'
    throw new PushError(isTooLong ? 413 : 400, isTooLong ? `the body is longer than ${IMPORT_BYTES_MAX} bytes` : `gzip: ${(error as Error).message}`) // prettier-ignore
  }
}
