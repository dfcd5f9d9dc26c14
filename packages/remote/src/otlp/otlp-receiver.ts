import type { Counter, Logger, Registry } from '@promontory/base'
import { AppendBatch, type Appender, AppendStatus, type Labels, STALE_HISTOGRAM } from '@promontory/model'
import {
  decodeOtlpJson,
  decodeOtlpMetrics,
  type OtlpResource,
  ProtoWriter,
  WireError,
} from '@promontory/wire'
import { histogramFault } from '../histogram.ts'
import type { ReceivedMetadata } from '../received-metadata.ts'
import { DeltaSums } from './delta.ts'
import type { OtlpSettings } from './names.ts'
import { type OtlpFeatures, type OtlpSink, OtlpTranslator } from './translator.ts'

/** A request may be so long when it is decompressed. */
export const OTLP_BYTES_MAX: number = 64 * 1024 * 1024

export interface OtlpReceiverOptions {
  readonly appender: Appender
  readonly logger: Logger
  readonly registry: Registry
  /** `otlp` of the configuration in use. */
  readonly settings: () => OtlpSettings
  /** Takes HELP and TYPE. */
  readonly metadata?: ReceivedMetadata
  readonly features?: OtlpFeatures
}

/** How a request ended: `unreadable` must not be sent again, `failed` may. */
export type OtlpOutcome =
  | { readonly kind: 'stored'; readonly rejected: number; readonly message: string }
  | { readonly kind: 'unreadable' | 'failed'; readonly message: string }

/** Takes metrics by OTLP. What of a request cannot be stored is told in its answer and counted; the rest is stored at once. */
export class OtlpReceiver {
  readonly #options: OtlpReceiverOptions
  readonly #batch = new AppendBatch(4096)
  readonly #deltas = new DeltaSums()
  readonly #points: Counter
  readonly #rejected: Counter
  #settings: OtlpSettings
  #translator: OtlpTranslator

  constructor(options: OtlpReceiverOptions) {
    this.#options = options
    this.#settings = options.settings()
    this.#translator = new OtlpTranslator(this.#settings, this.#deltas, options.features)
    this.#points = options.registry.counter({
      name: 'promontory_otlp_samples_total',
      help: 'Samples stored that came by OTLP.',
    })
    this.#rejected = options.registry.counter({
      name: 'promontory_otlp_samples_rejected_total',
      help: 'Samples and data points that came by OTLP and were not stored.',
    })
    this.#points.add(0)
    this.#rejected.add(0)
  }

  /** @param body not compressed */
  receive(body: Buffer, encoding: 'protobuf' | 'json'): OtlpOutcome {
    let resources: OtlpResource[]
    try {
      resources = encoding === 'json' ? decodeOtlpJson(body.toString('utf8')) : decodeOtlpMetrics(body)
    } catch (error) {
      if (error instanceof WireError) return { kind: 'unreadable', message: error.message }
      throw error
    }
    try {
      return this.#store(resources)
    } catch (error) {
      this.#options.logger.error('metrics that came by OTLP cannot be stored', { error })
      return { kind: 'failed', message: (error as Error).message }
    } finally {
      this.#batch.clear()
    }
  }

  #store(resources: readonly OtlpResource[]): OtlpOutcome {
    const settings = this.#options.settings()
    if (settings !== this.#settings) {
      this.#settings = settings
      this.#translator = new OtlpTranslator(settings, this.#deltas, this.#options.features)
    }
    let rejected = 0
    let message = ''
    const refuse = (reason: string): void => {
      rejected++
      message ||= reason
    }
    this.#translator.translate(resources, this.#sink(refuse))
    const { appended, statuses, histogramStatuses } = this.#options.appender.append(this.#batch)
    const judge = (status: number): void => {
      if (status !== AppendStatus.appended && status !== AppendStatus.duplicateSame) refuse(reasonOf(status))
    }
    statuses.forEach(judge)
    histogramStatuses.forEach(judge)
    this.#points.add(appended)
    this.#rejected.add(rejected)
    return { kind: 'stored', rejected, message }
  }

  #sink(refuse: (reason: string) => void): OtlpSink {
    const batch = this.#batch
    const refs = new Map<string, number>()
    const refOf = (labels: Labels): number => {
      const key = labels.key()
      let ref = refs.get(key)
      if (ref === undefined) refs.set(key, (ref = this.#options.appender.seriesRef(labels)))
      return ref
    }
    const taken = (labels: Labels): number => {
      const ref = refOf(labels)
      if (ref < 0) refuse('the storage takes no more series')
      return ref
    }
    return {
      sample: (labels, timeMs, value) => {
        const ref = taken(labels)
        if (ref < 0) return
        if (value === undefined) batch.pushStale(ref, timeMs)
        else batch.push(ref, timeMs, value)
      },
      histogram: (labels, timeMs, histogram) => {
        const ref = taken(labels)
        if (ref < 0) return
        const fault = histogram === undefined ? undefined : histogramFault(histogram)
        if (fault !== undefined) return refuse(`${labels.metricName}: ${fault}`)
        batch.histograms.push({ ref, timeMs, histogram: histogram ?? STALE_HISTOGRAM, isInteger: true })
      },
      exemplar: (labels, exemplarLabels, value, timeMs) => {
        const ref = refOf(labels)
        if (ref >= 0) batch.exemplars.push({ ref, exemplar: { labels: exemplarLabels, value, timeMs } })
      },
      // Told with every request: the storage's own log would get it with each of them.
      metadata: (labels, type, help, unit) =>
        this.#options.metadata?.note(labels.metricName, type, help, unit),
      refused: refuse,
    }
  }
}

function reasonOf(status: number): string {
  switch (status) {
    case AppendStatus.outOfOrder:
      return 'out of order sample'
    case AppendStatus.duplicateTimestamp:
      return 'duplicate sample for timestamp'
    case AppendStatus.tooOld:
      return 'too old sample'
    case AppendStatus.outOfBounds:
      return 'out of bounds'
    default:
      return 'the sample could not be stored'
  }
}

/** `ExportMetricsServiceResponse`: empty when everything was taken. */
export function otlpAnswer(outcome: OtlpOutcome & { kind: 'stored' }, encoding: 'protobuf' | 'json'): Buffer {
  const { rejected, message } = outcome
  if (encoding === 'json')
    return Buffer.from(
      JSON.stringify(
        rejected === 0
          ? {}
          : { partialSuccess: { rejectedDataPoints: String(rejected), errorMessage: message } },
      ),
    )
  const out = new ProtoWriter(256)
  if (rejected > 0)
    out.nested(1, () => {
      out.integer(1, rejected)
      out.string(2, message)
    })
  return out.view()
}
