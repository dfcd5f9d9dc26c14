import { type AttributeValue, EMPTY_POINT, type OtlpBuckets, type OtlpExemplar, type OtlpMetric, type OtlpPoint, type OtlpResource, type OtlpScope, TEMPORALITIES } from './otlp-metrics.ts' // prettier-ignore
import { ProtoReader, WireType } from './proto-reader.ts'
import { WireError } from './errors.ts'

/** Nested values deeper than this are no telemetry. */
const DEPTH_MAX = 20

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/**
 * Reads `ExportMetricsServiceRequest` (https://github.com/open-telemetry/opentelemetry-proto).
 * @throws WireError when the bytes are not such a message
 */
export function decodeOtlpMetrics(message: Buffer): OtlpResource[] {
  const reader = new OtlpReader(message)
  return reader.messages(1, () => reader.resource())
}

class OtlpReader {
  readonly #reader: ProtoReader

  constructor(message: Buffer) {
    this.#reader = new ProtoReader(message)
  }

  /** All occurrences of one field of the open message. */
  messages<T>(field: number, read: () => T): T[] {
    const found: T[] = []
    this.#each((number) => {
      if (number !== field) return false
      this.#nested(() => found.push(read()))
      return true
    })
    return found
  }

  resource(): OtlpResource {
    const attributes: [string, AttributeValue][] = []
    const scopes: OtlpScope[] = []
    this.#each((field) => {
      if (field === 1) this.#nested(() => this.#attributes(1, attributes))
      else if (field === 2) this.#nested(() => scopes.push(this.#scope()))
      else return false
      return true
    })
    return { attributes, scopes }
  }

  #scope(): OtlpScope {
    const scope = { name: '', version: '', schemaUrl: '', attributes: [] as [string, AttributeValue][], metrics: [] as OtlpMetric[] } // prettier-ignore
    this.#each((field) => {
      if (field === 1)
        this.#nested(() =>
          this.#each((inner) => {
            if (inner === 1) scope.name = this.#string()
            else if (inner === 2) scope.version = this.#string()
            else if (inner === 3) this.#nested(() => scope.attributes.push(this.#keyValue(0)))
            else return false
            return true
          }),
        )
      else if (field === 2) this.#nested(() => scope.metrics.push(this.#metric()))
      else if (field === 3) scope.schemaUrl = this.#string()
      else return false
      return true
    })
    return scope
  }

  #metric(): OtlpMetric {
    const metric: Writable<OtlpMetric> = { name: '', description: '', unit: '', kind: 'none', temporality: 'unspecified', isMonotonic: false, points: [] } // prettier-ignore
    const kinds = { 5: 'gauge', 7: 'sum', 9: 'histogram', 10: 'exponential', 11: 'summary' } as const
    this.#each((field) => {
      if (field === 1) metric.name = this.#string()
      else if (field === 2) metric.description = this.#string()
      else if (field === 3) metric.unit = this.#string()
      else if (field in kinds) {
        metric.kind = kinds[field as keyof typeof kinds]
        this.#nested(() => this.#data(metric))
      } else return false
      return true
    })
    return metric
  }

  #data(metric: Writable<OtlpMetric>): void {
    const points: OtlpPoint[] = []
    this.#each((field, wire) => {
      if (field === 1 && wire === WireType.bytes) this.#nested(() => points.push(this.#point(metric.kind)))
      else if (field === 2 && wire === WireType.varint)
        metric.temporality = TEMPORALITIES[this.#reader.varint()] ?? 'unspecified'
      else if (field === 3 && wire === WireType.varint) metric.isMonotonic = this.#reader.varint() !== 0
      else return false
      return true
    })
    metric.points = points
  }

  #point(kind: OtlpMetric['kind']): OtlpPoint {
    const point: Writable<OtlpPoint> = { ...EMPTY_POINT }
    const attributes: [string, AttributeValue][] = []
    const exemplars: OtlpExemplar[] = []
    const bucketCounts: number[] = []
    const bounds: number[] = []
    const quantiles: { quantile: number; value: number }[] = []
    const attributeField = kind === 'histogram' ? 9 : kind === 'exponential' ? 1 : 7
    const exemplarField = kind === 'histogram' ? 8 : kind === 'exponential' ? 11 : kind === 'summary' ? -1 : 5
    const flagsField = kind === 'histogram' || kind === 'exponential' ? 10 : 8
    const isNumber = kind === 'gauge' || kind === 'sum'
    this.#each((field, wire) => {
      const tag = field * 8 + wire
      if (field === attributeField && wire === WireType.bytes)
        this.#nested(() => attributes.push(this.#keyValue(0)))
      else if (field === exemplarField && wire === WireType.bytes)
        this.#nested(() => exemplars.push(this.#exemplar()))
      else if (field === flagsField && wire === WireType.varint)
        point.noValue = this.#reader.varint() % 2 === 1
      else if (tag === 2 * 8 + 1) point.startMs = this.#nanos()
      else if (tag === 3 * 8 + 1) point.timeMs = this.#nanos()
      else if (isNumber && tag === 4 * 8 + 1) point.value = this.#double()
      else if (isNumber && tag === 6 * 8 + 1) point.value = this.#int64()
      else if (isNumber) return false
      else if (tag === 4 * 8 + 1) point.count = this.#uint64()
      else if (tag === 5 * 8 + 1) point.sum = this.#double()
      else if (kind === 'histogram' && field === 6) this.#fixed(wire, () => bucketCounts.push(this.#uint64()))
      else if (kind === 'histogram' && field === 7) this.#fixed(wire, () => bounds.push(this.#double()))
      else if (kind === 'summary' && tag === 6 * 8 + 2) this.#nested(() => quantiles.push(this.#quantile()))
      else if (kind !== 'exponential') return false
      else if (tag === 6 * 8) point.scale = this.#reader.zigzag()
      else if (tag === 7 * 8 + 1) point.zeroCount = this.#uint64()
      else if (tag === 8 * 8 + 2) this.#nested(() => (point.positive = this.#buckets()))
      else if (tag === 9 * 8 + 2) this.#nested(() => (point.negative = this.#buckets()))
      else if (tag === 14 * 8 + 1) point.zeroThreshold = this.#double()
      else return false
      return true
    })
    return { ...point, attributes, exemplars, bucketCounts, bounds, quantiles }
  }

  #buckets(): OtlpBuckets {
    let offset = 0
    const counts: number[] = []
    this.#each((field, wire) => {
      if (field === 1 && wire === WireType.varint) offset = this.#reader.zigzag()
      else if (field === 2 && wire === WireType.varint) counts.push(this.#reader.varint())
      else if (field === 2 && wire === WireType.bytes)
        this.#nested(() => {
          while (this.#reader.at < this.#reader.end) counts.push(this.#reader.varint())
        })
      else return false
      return true
    })
    return { offset, counts }
  }

  #quantile(): { quantile: number; value: number } {
    const found = { quantile: 0, value: 0 }
    this.#each((field, wire) => {
      if (wire !== WireType.fixed64) return false
      if (field === 1) found.quantile = this.#double()
      else if (field === 2) found.value = this.#double()
      else return false
      return true
    })
    return found
  }

  #exemplar(): OtlpExemplar {
    const found: Writable<OtlpExemplar> = { attributes: [], timeMs: 0, value: 0, traceId: '', spanId: '' }
    const attributes: [string, AttributeValue][] = []
    this.#each((field, wire) => {
      const tag = field * 8 + wire
      if (tag === 2 * 8 + 1) found.timeMs = this.#nanos()
      else if (tag === 3 * 8 + 1) found.value = this.#double()
      else if (tag === 6 * 8 + 1) found.value = this.#int64()
      else if (tag === 4 * 8 + 2) found.spanId = this.#bytes().toString('hex')
      else if (tag === 5 * 8 + 2) found.traceId = this.#bytes().toString('hex')
      else if (tag === 7 * 8 + 2) this.#nested(() => attributes.push(this.#keyValue(0)))
      else return false
      return true
    })
    return { ...found, attributes }
  }

  #attributes(field: number, into: [string, AttributeValue][]): void {
    this.#each((number, wire) => {
      if (number !== field || wire !== WireType.bytes) return false
      this.#nested(() => into.push(this.#keyValue(0)))
      return true
    })
  }

  #keyValue(depth: number): [string, AttributeValue] {
    if (depth > DEPTH_MAX) throw new WireError('otlp: an attribute is nested too deeply')
    let key = ''
    let value: AttributeValue = ''
    this.#each((field, wire) => {
      if (wire !== WireType.bytes) return false
      if (field === 1) key = this.#string()
      else if (field === 2) this.#nested(() => (value = this.#anyValue(depth)))
      else return false
      return true
    })
    return [key, value]
  }

  #anyValue(depth: number): AttributeValue {
    if (depth > DEPTH_MAX) throw new WireError('otlp: an attribute is nested too deeply')
    let value: AttributeValue = ''
    this.#each((field, wire) => {
      const tag = field * 8 + wire
      if (tag === 1 * 8 + 2) value = this.#string()
      else if (tag === 2 * 8) value = this.#reader.varint() !== 0
      else if (tag === 3 * 8) value = this.#reader.int64()
      else if (tag === 4 * 8 + 1) value = this.#double()
      else if (tag === 5 * 8 + 2)
        this.#nested(() => (value = this.messages(1, () => this.#anyValue(depth + 1))))
      else if (tag === 6 * 8 + 2)
        this.#nested(() => (value = Object.fromEntries(this.messages(1, () => this.#keyValue(depth + 1)))))
      else if (tag === 7 * 8 + 2) value = this.#bytes().toString('base64')
      else return false
      return true
    })
    return value
  }

  /** Hands every field of the open message to `read`, which says whether it took it. */
  #each(read: (field: number, wire: number) => boolean): void {
    const reader = this.#reader
    while (reader.next()) if (!read(reader.field, reader.wireType)) reader.skip()
  }

  #nested(read: () => void): void {
    if (this.#reader.wireType !== WireType.bytes)
      throw new WireError(`otlp: field ${this.#reader.field} has wire type ${this.#reader.wireType}`)
    this.#reader.nested(read)
  }

  /** Packed numbers of eight bytes, or a single one. */
  #fixed(wire: number, read: () => void): void {
    if (wire === WireType.fixed64) return read()
    this.#nested(() => {
      while (this.#reader.at < this.#reader.end) read()
    })
  }

  #string(): string {
    return this.#bytes().toString('utf8')
  }

  #bytes(): Buffer {
    const reader = this.#reader
    if (reader.wireType !== WireType.bytes)
      throw new WireError(`otlp: field ${reader.field} has wire type ${reader.wireType}`)
    const length = reader.length()
    const start = reader.at
    reader.at += length
    return reader.bytes.subarray(start, start + length)
  }

  #double(): number {
    return this.#reader.bytes.readDoubleLE(this.#reader.fixed64())
  }

  #uint64(): number {
    return Number(this.#reader.bytes.readBigUInt64LE(this.#reader.fixed64()))
  }

  #int64(): number {
    return Number(this.#reader.bytes.readBigInt64LE(this.#reader.fixed64()))
  }

  #nanos(): number {
    return Number(this.#reader.bytes.readBigUInt64LE(this.#reader.fixed64()) / 1_000_000n)
  }
}
