import { type Attributes, type AttributeValue, EMPTY_POINT, NO_BUCKETS, type OtlpBuckets, type OtlpExemplar, type OtlpMetric, type OtlpPoint, type OtlpResource, type OtlpScope } from './otlp-metrics.ts' // prettier-ignore
import { WireError } from './errors.ts'

type Json = Readonly<Record<string, unknown>>

/** Nested values deeper than this are no telemetry. */
const DEPTH_MAX = 20
const KINDS = { gauge: 'gauge', sum: 'sum', histogram: 'histogram', exponentialHistogram: 'exponential', summary: 'summary' } as const // prettier-ignore

/** Reads OTLP's JSON: names in camel case, 64-bit numbers as texts, ids in hexadecimal. @throws WireError */
export function decodeOtlpJson(text: string): OtlpResource[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new WireError(`otlp: ${(error as Error).message}`, { cause: error })
  }
  return list(object(value)['resourceMetrics']).map((entry) => ({
    attributes: attributes(object(entry['resource'])['attributes']),
    scopes: list(entry['scopeMetrics']).map(scope),
  }))
}

function scope(entry: Json): OtlpScope {
  const about = object(entry['scope'])
  return {
    name: text(about['name']),
    version: text(about['version']),
    schemaUrl: text(entry['schemaUrl']),
    attributes: attributes(about['attributes']),
    metrics: list(entry['metrics']).map(metric),
  }
}

function metric(entry: Json): OtlpMetric {
  const name = Object.keys(KINDS).find((kind) => entry[kind] !== undefined) as keyof typeof KINDS | undefined
  const data = object(name === undefined ? undefined : entry[name])
  return {
    name: text(entry['name']),
    description: text(entry['description']),
    unit: text(entry['unit']),
    kind: name === undefined ? 'none' : KINDS[name],
    temporality: temporality(data['aggregationTemporality']),
    isMonotonic: data['isMonotonic'] === true,
    points: list(data['dataPoints']).map(point),
  }
}

function temporality(value: unknown): OtlpMetric['temporality'] {
  if (value === 1 || value === 'AGGREGATION_TEMPORALITY_DELTA') return 'delta'
  return value === 2 || value === 'AGGREGATION_TEMPORALITY_CUMULATIVE' ? 'cumulative' : 'unspecified'
}

function point(entry: Json): OtlpPoint {
  return {
    ...EMPTY_POINT,
    attributes: attributes(entry['attributes']),
    startMs: nanos(entry['startTimeUnixNano']),
    timeMs: nanos(entry['timeUnixNano']),
    noValue: number(entry['flags']) % 2 === 1,
    value: number(entry['asDouble'] ?? entry['asInt']),
    count: number(entry['count']),
    sum: entry['sum'] === undefined ? undefined : number(entry['sum']),
    bucketCounts: array(entry['bucketCounts']).map(number),
    bounds: array(entry['explicitBounds']).map(number),
    scale: number(entry['scale']),
    zeroCount: number(entry['zeroCount']),
    zeroThreshold: number(entry['zeroThreshold']),
    positive: buckets(entry['positive']),
    negative: buckets(entry['negative']),
    quantiles: list(entry['quantileValues']).map((each) => ({
      quantile: number(each['quantile']),
      value: number(each['value']),
    })),
    exemplars: list(entry['exemplars']).map(exemplar),
  }
}

function exemplar(entry: Json): OtlpExemplar {
  return {
    attributes: attributes(entry['filteredAttributes']),
    timeMs: nanos(entry['timeUnixNano']),
    value: number(entry['asDouble'] ?? entry['asInt']),
    traceId: text(entry['traceId']).toLowerCase(),
    spanId: text(entry['spanId']).toLowerCase(),
  }
}

function buckets(value: unknown): OtlpBuckets {
  if (value === undefined) return NO_BUCKETS
  const entry = object(value)
  return { offset: number(entry['offset']), counts: array(entry['bucketCounts']).map(number) }
}

function attributes(value: unknown): Attributes {
  return list(value).map((entry) => [text(entry['key']), anyValue(entry['value'], 0)] as const)
}

function anyValue(value: unknown, depth: number): AttributeValue {
  if (depth > DEPTH_MAX) throw new WireError('otlp: an attribute is nested too deeply')
  const entry = object(value)
  if (entry['stringValue'] !== undefined) return text(entry['stringValue'])
  if (entry['boolValue'] !== undefined) return entry['boolValue'] === true
  if (entry['intValue'] !== undefined) return number(entry['intValue'])
  if (entry['doubleValue'] !== undefined) return number(entry['doubleValue'])
  if (entry['bytesValue'] !== undefined) return text(entry['bytesValue'])
  if (entry['arrayValue'] !== undefined)
    return array(object(entry['arrayValue'])['values']).map((each) => anyValue(each, depth + 1))
  if (entry['kvlistValue'] === undefined) return ''
  const pairs = list(object(entry['kvlistValue'])['values'])
  return Object.fromEntries(pairs.map((each) => [text(each['key']), anyValue(each['value'], depth + 1)]))
}

function object(value: unknown): Json {
  if (value === undefined || value === null) return {}
  if (typeof value !== 'object' || Array.isArray(value))
    throw new WireError(`otlp: expected an object, got ${JSON.stringify(value).slice(0, 60)}`)
  return value as Json
}

function array(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value))
    throw new WireError(`otlp: expected a list, got ${JSON.stringify(value).slice(0, 60)}`)
  return value
}

function list(value: unknown): Json[] {
  return array(value).map(object)
}

function text(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value !== 'string')
    throw new WireError(`otlp: expected a text, got ${JSON.stringify(value).slice(0, 60)}`)
  return value
}

/** Numbers, their texts, and `NaN`, `Infinity`, `-Infinity`. */
function number(value: unknown): number {
  if (value === undefined || value === null) return 0
  if (typeof value === 'number') return value
  if (typeof value === 'string' && /^(-?\d+(\.\d+)?([eE][+-]?\d+)?|NaN|-?Infinity)$/.test(value))
    return Number(value)
  throw new WireError(`otlp: expected a number, got ${JSON.stringify(value).slice(0, 60)}`)
}

function nanos(value: unknown): number {
  if (typeof value === 'string' && /^\d{1,20}$/.test(value)) return Number(BigInt(value) / 1_000_000n)
  return Math.floor(number(value) / 1e6)
}
