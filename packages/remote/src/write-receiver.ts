import type { Counter, Logger, Registry } from '@promontory/base'
import {
  AppendBatch,
  type Appender,
  AppendStatus,
  Labels,
  STALE_HISTOGRAM,
  replaceTypeAndUnit,
} from '@promontory/model'
import {
  decodeWriteRequest,
  decodeWriteRequest2,
  type HistogramMessage,
  METRIC_TYPE_NUMBERS,
  uncompressSnappy,
  WireError,
  type WriteRequest2Sink,
} from '@promontory/wire'
import { histogramFault, isStaleSum, toHistogram } from './histogram.ts'
import type { ReceivedMetadata } from './received-metadata.ts'

export interface RemoteWriteReceiverOptions {
  readonly appender: Appender
  readonly logger: Logger
  readonly registry: Registry
  readonly nowMs: () => number
  /** Messages that are taken; both versions when not given. */
  readonly acceptedMessages?: readonly string[]
  /** Takes HELP and TYPE. */
  readonly metadata?: ReceivedMetadata
  /** Series of version 2 get `__type__` and `__unit__`, as their metadata has them. */
  readonly typeAndUnitLabels?: boolean
}

const VERSION_1 = 'prometheus.WriteRequest'
const VERSION_2 = 'io.prometheus.write.v2.Request'
const MESSAGES: readonly string[] = [VERSION_1, VERSION_2]
const METRIC_TYPES = Object.keys(METRIC_TYPE_NUMBERS)

/** A request may decompress to so much, as in Prometheus. */
export const REMOTE_WRITE_BYTES_MAX: number = 32 * 1024 * 1024
/** Samples further ahead than this are refused, as in Prometheus. */
const MAX_AHEAD_MS = 10 * 60 * 1000
/** Series whose labels need not be read again; all are forgotten when there are more. */
const KNOWN_SERIES_MAX = 500_000

/** What the sender is told. 4xx: do not send this again; 5xx: do. */
export interface RemoteWriteAnswer {
  readonly status: 204 | 400 | 415 | 500
  readonly text: string
  /** Of version 2: how much was stored. */
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * Takes remote write 1.0 and 2.0 (https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/). A whole request becomes visible at
 * once. Samples that cannot be stored do not keep the others out; they are counted, and the sender gets a 400 so that it
 * goes on. Sending the same request twice stores it once.
 */
export class RemoteWriteReceiver {
  readonly #options: RemoteWriteReceiverOptions
  readonly #batch = new AppendBatch(4096)
  /** Ref by the bytes of the labels. */
  readonly #known = new Map<string, number>()
  /** Keys of the samples of the batch, for those whose series is gone. */
  readonly #keys: string[] = []
  readonly #histogramKeys: string[] = []
  readonly #rejected: Counter
  #stored = { samples: 0, histograms: 0, exemplars: 0 }

  constructor(options: RemoteWriteReceiverOptions) {
    this.#options = options
    this.#rejected = options.registry.counter({
      name: 'promontory_remote_write_samples_rejected_total',
      help: 'Samples received by remote write that were not stored.',
      labels: ['reason'],
    })
    for (const reason of Object.values(REASONS)) this.#rejected.add(0, reason)
  }

  /** @param body  snappy-compressed protobuf @param contentType  of the request */
  receive(body: Buffer, contentType: string, contentEncoding: string): RemoteWriteAnswer {
    const message = /proto=([\w.]+)/.exec(contentType)?.[1] ?? VERSION_1
    const accepted = this.#options.acceptedMessages ?? MESSAGES
    if (!contentType.startsWith('application/x-protobuf') || !accepted.includes(message))
      return {
        status: 415,
        text: `${contentType || 'no content type'} is not accepted; accepted: ${accepted.map((name) => `application/x-protobuf;proto=${name}`).join(', ')}`,
      }
    if (contentEncoding !== 'snappy' && contentEncoding !== '')
      return { status: 415, text: `content encoding ${contentEncoding} is not accepted; accepted: snappy` }
    try {
      const fault = this.#fill(uncompressSnappy(body, REMOTE_WRITE_BYTES_MAX), message)
      const refused = this.#append()
      const headers = message === VERSION_2 ? { headers: this.#written() } : {}
      if (fault === undefined && refused === undefined) return { status: 204, text: '', ...headers }
      return { status: 400, text: (fault ?? refused)!, ...headers }
    } catch (error) {
      if (error instanceof WireError) return { status: 400, text: error.message }
      this.#options.logger.error('Error appending remote write', { error })
      return { status: 500, text: (error as Error).message }
    } finally {
      this.#batch.clear()
      this.#keys.length = 0
      this.#histogramKeys.length = 0
    }
  }

  /** Reads the message into the batch. @returns the first thing that could not be taken */
  #fill(message: Buffer, version: string): string | undefined {
    const batch = this.#batch
    const latestMs = this.#options.nowMs() + MAX_AHEAD_MS
    let fault: string | undefined
    let ref = -1
    let key = ''
    let isNew = false
    let newLabels = Labels.EMPTY
    const sink: WriteRequest2Sink = {
      series: (seriesKey, labels, metadata) => {
        const told = this.#options.typeAndUnitLabels === true ? metadata?.() : undefined
        key = told === undefined ? seriesKey : `${seriesKey}|${told.type}|${told.unit}`
        const known = this.#known.get(key)
        isNew = known === undefined
        if (known !== undefined) {
          ref = known
          return
        }
        const [resolved, problem, named] = this.#resolve(labels(), told)
        newLabels = named
        ref = resolved
        fault ??= problem
        if (ref < 0) return
        if (this.#known.size >= KNOWN_SERIES_MAX) this.#known.clear()
        this.#known.set(key, ref)
      },
      sample: (timeMs, bytes, at) => {
        if (ref < 0) {
          this.#rejected.inc(REASONS.invalidLabels)
          return
        }
        if (timeMs > latestMs) {
          this.#rejected.inc(REASONS.outOfBounds)
          fault ??= `out of bounds: a sample is ${Math.round((timeMs - this.#options.nowMs()) / 1000)} s ahead`
          return
        }
        batch.push(ref, timeMs, 0)
        // As bits: a stale marker is a NaN with a payload.
        batch.bits[2 * batch.count - 2] = bytes.readUInt32LE(at)
        batch.bits[2 * batch.count - 1] = bytes.readUInt32LE(at + 4)
        this.#keys.push(key)
      },
      exemplar: (labels, value, timeMs) => {
        if (ref >= 0)
          batch.exemplars.push({ ref, exemplar: { labels: Labels.from(pairsOf(labels)), value, timeMs } })
      },
      histogram: (message) => {
        fault ??= this.#takeHistogram(ref, key, message, latestMs)
      },
      // Version 1 names families, not series.
      metadata: (family, type, help, unit) =>
        this.#options.metadata?.note(family, METRIC_TYPES[type] ?? 'unknown', help, unit),
      seriesMetadata: (type, help, unit) => {
        if (ref < 0 || !isNew) return
        const typeName = METRIC_TYPES[type] ?? 'unknown'
        this.#options.metadata?.noteSeries(newLabels, typeName, help, unit)
        batch.metadata.push({ ref, metadata: { type: typeName, help, unit } })
      },
    }
    if (version === VERSION_2) decodeWriteRequest2(message, sink)
    else decodeWriteRequest(message, sink)
    return fault
  }

  /** @returns why it cannot be taken */
  #takeHistogram(ref: number, key: string, message: HistogramMessage, latestMs: number): string | undefined {
    const { timeMs } = message
    const reject = (reason: string, problem: string): string => {
      this.#rejected.inc(reason)
      return problem
    }
    if (ref < 0) return reject(REASONS.invalidLabels, REASONS.invalidLabels)
    if (timeMs > latestMs)
      return reject(REASONS.outOfBounds, `out of bounds: a histogram is ${Math.round((timeMs - this.#options.nowMs()) / 1000)} s ahead`) // prettier-ignore
    // Among the histograms, so that it stays in its place between them.
    const histogram = isStaleSum(message) ? STALE_HISTOGRAM : toHistogram(message)
    const problem = histogramFault(histogram)
    if (problem !== undefined) return reject(REASONS.histogram, `invalid native histogram: ${problem}`)
    this.#batch.histograms.push({ ref, timeMs, histogram, isInteger: !message.isFloat })
    this.#histogramKeys.push(key)
    return undefined
  }

  #written(): Record<string, string> {
    const { samples, histograms, exemplars } = this.#stored
    const prefix = 'x-prometheus-remote-write'
    return {
      [`${prefix}-samples-written`]: String(samples),
      [`${prefix}-histograms-written`]: String(histograms),
      [`${prefix}-exemplars-written`]: String(exemplars),
    }
  }

  /** @returns the ref, or -1 and why */
  #resolve(
    parts: readonly string[],
    told: { readonly type: number; readonly unit: string } | undefined,
  ): [ref: number, fault: string | undefined, labels: Labels] {
    const given = Labels.from(pairsOf(parts))
    const problem = labelFault(parts, given)
    if (problem !== undefined) return [-1, problem, given]
    const labels =
      told === undefined ? given : replaceTypeAndUnit(given, METRIC_TYPES[told.type] ?? 'unknown', told.unit)
    const ref = this.#options.appender.seriesRef(labels)
    return ref < 0 ? [-1, 'the storage takes no more series', labels] : [ref, undefined, labels]
  }

  /** @returns why samples were refused, undefined when all were taken */
  #append(): string | undefined {
    const { appender } = this.#options
    const batch = this.#batch
    this.#stored = { samples: 0, histograms: 0, exemplars: 0 }
    if (batch.count + batch.exemplars.length + batch.histograms.length + batch.metadata.length === 0)
      return undefined
    const { statuses, histogramStatuses } = appender.append(batch)
    let fault: string | undefined
    const judge = (status: number, key: string): void => {
      if (isStored(status)) return
      const reason = reasonOf(status)
      this.#rejected.inc(reason)
      fault ??= reason
      if (status === AppendStatus.unknownSeries) this.#known.delete(key)
    }
    statuses.forEach((status, i) => judge(status, this.#keys[i]!))
    histogramStatuses.forEach((status, i) => judge(status, this.#histogramKeys[i]!))
    this.#stored = {
      samples: statuses.filter(isStored).length,
      histograms: histogramStatuses.filter(isStored).length,
      exemplars: batch.exemplars.length,
    }
    return fault
  }
}

const REASONS = {
  invalidLabels: 'invalid labels',
  outOfBounds: 'out of bounds',
  outOfOrder: 'out of order sample',
  duplicate: 'duplicate sample for timestamp',
  tooOld: 'too old sample',
  unknownSeries: 'series is gone, send again',
  histogram: 'native histogram',
  noMemory: 'storage full',
} as const

/** What is there already counts as written. */
function isStored(status: number): boolean {
  return status === AppendStatus.appended || status === AppendStatus.duplicateSame
}

function reasonOf(status: number): string {
  switch (status) {
    case AppendStatus.outOfOrder:
      return REASONS.outOfOrder
    case AppendStatus.duplicateTimestamp:
      return REASONS.duplicate
    case AppendStatus.tooOld:
      return REASONS.tooOld
    case AppendStatus.outOfBounds:
      return REASONS.outOfBounds
    case AppendStatus.unknownSeries:
      return REASONS.unknownSeries
    default:
      return REASONS.noMemory
  }
}

function* pairsOf(parts: readonly string[]): IterableIterator<[string, string]> {
  for (let i = 0; i + 1 < parts.length; i += 2) yield [parts[i]!, parts[i + 1]!]
}

function labelFault(parts: readonly string[], labels: Labels): string | undefined {
  if (labels.metricName === '') return `invalid labels: a series without a metric name: ${labels.toString()}`
  const names = new Set<string>()
  for (let i = 0; i < parts.length; i += 2) {
    const name = parts[i]!
    if (name === '') return `invalid labels: a label without a name in ${labels.toString()}`
    if (names.has(name)) return `invalid labels: the label ${name} stands twice in ${labels.toString()}`
    names.add(name)
    if (parts[i + 1]!.includes('\ufffd')) return `invalid labels: the value of ${name} is not UTF-8`
  }
  return undefined
}
