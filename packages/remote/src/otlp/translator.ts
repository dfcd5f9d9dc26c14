import { formatFloat } from '@promontory/base'
import { formatOpenMetricsBound } from './bound.ts'
import { FloatHistogram, Labels, METRIC_NAME, withTypeAndUnit } from '@promontory/model'
import type {
  Attributes,
  AttributeValue,
  OtlpMetric,
  OtlpPoint,
  OtlpResource,
  OtlpScope,
} from '@promontory/wire'
import { DeltaSums } from './delta.ts'
import { explicitToCustom, exponentialToNative } from './histograms.ts'
import { OtlpNames, type OtlpSettings } from './names.ts'

/** What a request becomes. An undefined value is a stale marker. */
export interface OtlpSink {
  sample(labels: Labels, timeMs: number, value: number | undefined): void
  histogram(labels: Labels, timeMs: number, histogram: FloatHistogram | undefined): void
  exemplar(labels: Labels, exemplarLabels: Labels, value: number, timeMs: number): void
  metadata(labels: Labels, type: string, help: string, unit: string): void
  /** A data point that cannot be taken. */
  refused(reason: string): void
}

/** What `--enable-feature` changes. */
export interface OtlpFeatures {
  /** Series get `__type__` and `__unit__`. */
  readonly typeAndUnitLabels?: boolean
  /** Deltas are stored as they come, of unknown type; without it they are added up. */
  readonly nativeDeltas?: boolean
}

/** Attributes that become `job` and `instance`. */
const IDENTIFYING = new Set(['service.namespace', 'service.name', 'service.instance.id'])

/**
 * Turns OTLP's metrics into series, as Prometheus's own receiver does: `job` and `instance` of the service's attributes, the
 * others of the resource in `target_info`, names by the configured strategy. Deltas are added up.
 */
export class OtlpTranslator {
  readonly #settings: OtlpSettings
  readonly #names: OtlpNames
  readonly #deltas: DeltaSums
  readonly #features: OtlpFeatures

  /** @param deltas  handed over when settings change, so that sums go on */
  constructor(settings: OtlpSettings, deltas: DeltaSums = new DeltaSums(), features: OtlpFeatures = {}) {
    this.#settings = settings
    this.#names = new OtlpNames(settings)
    this.#deltas = deltas
    this.#features = features
  }

  translate(resources: readonly OtlpResource[], sink: OtlpSink): void {
    for (const resource of resources) this.#resource(resource, sink)
  }

  #resource(resource: OtlpResource, sink: OtlpSink): void {
    const identity = identityOf(resource.attributes)
    const promoted = this.#promoted(resource.attributes)
    let newestMs = -Infinity
    for (const scope of resource.scopes) {
      const base = [...promoted, ...this.#scopeLabels(scope)]
      for (const metric of scope.metrics) {
        const name = this.#names.metric(metric)
        if (name === '') {
          sink.refused('a metric without a name')
          continue
        }
        for (const point of metric.points) {
          newestMs = Math.max(newestMs, point.timeMs)
          this.#point(metric, point, { name, base, identity }, sink)
        }
      }
    }
    if (newestMs > 0) this.#targetInfo(resource.attributes, identity, newestMs, sink)
  }

  #point(metric: OtlpMetric, received: OtlpPoint, series: SeriesParts, sink: OtlpSink): void {
    const plain = this.#labels(received.attributes, series)
    const labels = this.#features.typeAndUnitLabels
      ? withTypeAndUnit(plain, this.#typeOf(metric), OtlpNames.unit(metric.unit))
      : plain
    if (received.timeMs <= 0) return sink.refused(`${metric.name}: a data point without a time`)
    let point = received
    const hasTemporality =
      metric.kind === 'sum' || metric.kind === 'histogram' || metric.kind === 'exponential'
    if (hasTemporality && metric.temporality === 'unspecified')
      return sink.refused(`${metric.name}: no aggregation temporality`)
    if (metric.temporality === 'delta' && hasTemporality && !received.noValue && !this.#isRaw(metric)) {
      const sum = this.#deltas.add(labels.key(), metric.kind, received)
      if (sum === undefined) return sink.refused(`${metric.name}: a delta that is older than the last one`)
      point = sum
    }
    try {
      this.#emit(metric, point, labels, sink)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      sink.refused(`${metric.name}: ${error.message}`)
    }
  }

  #emit(metric: OtlpMetric, point: OtlpPoint, labels: Labels, sink: OtlpSink): void {
    const { timeMs, noValue } = point
    const of = (value: number): number | undefined => (noValue ? undefined : value)
    sink.metadata(labels, this.#typeOf(metric), metric.description, metric.unit)
    switch (metric.kind) {
      case 'gauge':
      case 'sum':
        sink.sample(labels, timeMs, of(point.value))
        return emitExemplars(point, labels, sink)
      case 'exponential':
        sink.histogram(labels, timeMs, noValue ? undefined : this.#hinted(metric, exponentialToNative(point)))
        return emitExemplars(point, labels, sink)
      case 'histogram':
        if (this.#settings.convert_histograms_to_nhcb) {
          sink.histogram(labels, timeMs, noValue ? undefined : this.#hinted(metric, explicitToCustom(point)))
          return emitExemplars(point, labels, sink)
        }
        return emitClassic(point, labels, sink, of)
      case 'summary':
        sink.sample(suffixed(labels, '_sum'), timeMs, of(point.sum ?? 0))
        sink.sample(suffixed(labels, '_count'), timeMs, of(point.count))
        for (const { quantile, value } of point.quantiles)
          sink.sample(labels.with('quantile', formatOpenMetricsBound(quantile)), timeMs, of(value))
        return
      case 'none':
        sink.refused(`${metric.name}: a metric without data`)
    }
  }

  /** Whether the points are deltas that are stored as they are. */
  #isRaw({ kind, temporality }: OtlpMetric): boolean {
    const isDelta = temporality === 'delta' && ['sum', 'histogram', 'exponential'].includes(kind)
    return isDelta && this.#features.nativeDeltas === true
  }

  #typeOf(metric: OtlpMetric): string {
    return this.#isRaw(metric) ? 'unknown' : typeOf(metric)
  }

  /** A delta goes up and down: as a gauge, it starts no chunk at each step. */
  #hinted(metric: OtlpMetric, histogram: FloatHistogram): FloatHistogram {
    return this.#isRaw(metric) ? new FloatHistogram({ ...histogram, counterResetHint: 'gauge' }) : histogram
  }

  #labels(attributes: Attributes, { name, base, identity }: SeriesParts): Labels {
    const merged = new Map<string, string>(base)
    // Names that become the same label share it, their values joined in order, as in Prometheus.
    const own = new Map<string, string>()
    for (const [key, value] of [...attributes].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const label = this.#names.label(key)
      const known = own.get(label)
      own.set(label, known === undefined ? textOf(value) : `${known};${textOf(value)}`)
    }
    for (const [label, value] of own) merged.set(label, value)
    for (const [label, value] of identity) merged.set(label, value)
    merged.set(METRIC_NAME, name)
    merged.delete('')
    return Labels.from(merged)
  }

  #promoted(attributes: Attributes): [string, string][] {
    const {
      promote_all_resource_attributes: all,
      promote_resource_attributes: some,
      ignore_resource_attributes: ignored,
    } = this.#settings
    return attributes
      .filter(([key]) => (all ? !ignored.includes(key) : some.includes(key)))
      .map(([key, value]) => [this.#names.label(key), textOf(value)])
  }

  #scopeLabels({ name, version, schemaUrl, attributes }: OtlpScope): [string, string][] {
    if (!this.#settings.promote_scope_metadata) return []
    return [
      ...attributes.map(([key, value]): [string, string] => [
        this.#names.label(`otel_scope_${key}`),
        textOf(value),
      ]),
      ['otel_scope_name', name],
      ['otel_scope_version', version],
      ['otel_scope_schema_url', schemaUrl],
    ]
  }

  #targetInfo(
    attributes: Attributes,
    identity: readonly [string, string][],
    timeMs: number,
    sink: OtlpSink,
  ): void {
    const keeps = this.#settings.keep_identifying_resource_attributes
    const shown = attributes.filter(([key]) => keeps || !IDENTIFYING.has(key))
    if (shown.length === 0 || identity.length === 0) return
    const labels = this.#labels(shown, { name: 'target_info', base: [], identity })
    sink.metadata(labels, 'gauge', 'Target metadata', '')
    sink.sample(labels, timeMs, 1)
  }
}

interface SeriesParts {
  readonly name: string
  readonly base: readonly [string, string][]
  readonly identity: readonly [string, string][]
}

function identityOf(attributes: Attributes): [string, string][] {
  const of = (key: string): string => {
    const found = attributes.find(([name]) => name === key)
    return found === undefined ? '' : textOf(found[1])
  }
  const [namespace, name, instance] = [of('service.namespace'), of('service.name'), of('service.instance.id')]
  const job = name === '' ? '' : namespace === '' ? name : `${namespace}/${name}`
  return [
    ...(job === '' ? [] : [['job', job] as [string, string]]),
    ...(instance === '' ? [] : [['instance', instance] as [string, string]]),
  ]
}

function emitClassic(
  point: OtlpPoint,
  labels: Labels,
  sink: OtlpSink,
  of: (value: number) => number | undefined,
): void {
  const { timeMs, bounds, bucketCounts } = point
  if (point.sum !== undefined) sink.sample(suffixed(labels, '_sum'), timeMs, of(point.sum))
  sink.sample(suffixed(labels, '_count'), timeMs, of(point.count))
  const bucket = suffixed(labels, '_bucket')
  let cumulative = 0
  bounds.forEach((bound, i) => {
    cumulative += bucketCounts[i] ?? 0
    const series = bucket.with('le', formatOpenMetricsBound(bound))
    sink.sample(series, timeMs, of(cumulative))
    const lower = bounds[i - 1] ?? -Infinity
    emitExemplars(point, series, sink, (value) => value > lower && value <= bound)
  })
  const last = bucket.with('le', '+Inf')
  sink.sample(last, timeMs, of(point.count))
  emitExemplars(point, last, sink, (value) => value > (bounds.at(-1) ?? -Infinity))
}

function emitExemplars(
  { exemplars, timeMs }: OtlpPoint,
  labels: Labels,
  sink: OtlpSink,
  isMeant: (value: number) => boolean = () => true,
): void {
  for (const exemplar of exemplars) {
    if (!isMeant(exemplar.value)) continue
    const { traceId, spanId } = exemplar
    const own = exemplar.attributes.map(([key, value]): [string, string] => [key, textOf(value)])
    const all = Labels.from([
      ...(traceId === '' ? [] : [['trace_id', traceId] as const]),
      ...(spanId === '' ? [] : [['span_id', spanId] as const]),
      ...own,
    ])
    sink.exemplar(labels, all, exemplar.value, exemplar.timeMs || timeMs)
  }
}

function suffixed(labels: Labels, suffix: string): Labels {
  return labels.with(METRIC_NAME, labels.metricName + suffix)
}

function typeOf({ kind, isMonotonic }: OtlpMetric): string {
  if (kind === 'sum') return isMonotonic ? 'counter' : 'gauge'
  if (kind === 'histogram' || kind === 'exponential') return 'histogram'
  return kind === 'none' ? 'unknown' : kind
}

function textOf(value: AttributeValue): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return formatFloat(value)
  return typeof value === 'boolean' ? String(value) : JSON.stringify(value)
}
