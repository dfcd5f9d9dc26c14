import type {
  ExpositionFormat,
  ExpositionSink,
  ExpositionType,
  ParsedExemplar,
  TextParser,
} from '@promontory/exposition'
import { createTextParser } from '@promontory/exposition'
import { AppendBatch, AppendStatus } from '@promontory/model'
import type { Appender, AppendOutcome, FloatHistogram, Labels, SeriesRef } from '@promontory/model'
import type { ScrapeConfig } from './config.ts'
import { needsZero, zeroLike } from './created-zero.ts'
import { type ScrapeFeatures, scrapeFeatures } from './features.ts'
import { limitResolution } from './histogram-limit.ts'
import { SampleLimitError } from './ingest-body.ts'
import type { IngestBody } from './ingest-body.ts'
import { enlarged, LineCache, LineKind } from './line-cache.ts'
import { LineHash } from './line-hash.ts'
import { MetadataLog } from './metadata-log.ts'
import { MetadataStore } from './metadata-store.ts'
import { readEntries } from './read-entries.ts'
import { storedLabels } from './series-rules.ts'

/** What a target may send beyond the clock: later samples are out of bounds, as upstream has it. */
const MAX_AHEAD_MS = 10 * 60_000

const TYPES: readonly ExpositionType[] = ['counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset', 'unknown'] // prettier-ignore
const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`))
/** Up to here ten times a mantissa plus a digit is an exact integer. */
const MANTISSA_MAX = 900_719_925_474_099
const LF = 10
const SPACE = 32

/**
 * Turns the bodies of one target into batches. The warm path compares each line's series part, by hash, with the line
 * that stood in its place at the last scrape; when they agree only the value is read, and no object is made. A changed
 * line goes through the parser, relabelling and the storage's index.
 *
 * Per scrape: `read` (may throw), `markVanished` or `markAllStale`, append, `settle`, `finish`.
 */
export class Ingester {
  readonly metadata: MetadataStore = new MetadataStore()
  /** Of the last `read`: samples in the body, those left after relabelling, and series not known before. */
  scraped = 0
  added = 0
  seriesAdded = 0
  outOfBounds = 0
  duplicates = 0
  readonly #appender: Appender
  readonly #targetLabels: Labels
  readonly #hash: LineHash
  #cache = new LineCache()
  readonly #features: ScrapeFeatures
  #metadataLog: MetadataLog | undefined
  #job: ScrapeConfig
  #parser: TextParser | undefined
  #format: ExpositionFormat | undefined
  /** Series of earlier rules, to be marked stale unless they come again. */
  #orphans: SeriesRef[] = []
  /** Line behind each sample of the batch. */
  /** Line of each histogram of the batch. */
  readonly #histogramLines: number[] = []
  #sampleLines: Uint32Array = new Uint32Array(64)
  #nextOrder: Uint32Array = new Uint32Array(64)
  #nextCount = 0
  #families = new Map<number, string>()
  /** Lines of the protobuf format and of converted bodies, by their labels. */
  #byKey = new Map<string, number>()
  /** Samples of the batch that stand at the time at which their series began. */
  #zeros = 0
  #position = 0
  #expected = 0

  constructor(
    appender: Appender,
    targetLabels: Labels,
    job: ScrapeConfig,
    seed: readonly [number, number],
    features: ScrapeFeatures = NO_FEATURES,
  ) {
    this.#features = features
    if (features.logsMetadata) this.#metadataLog = new MetadataLog(this.metadata)
    this.#appender = appender
    this.#targetLabels = targetLabels
    this.#job = job
    this.#hash = new LineHash(seed[0], seed[1])
  }

  /** Takes other rules for the series: all lines count as new, those that fall away become stale. */
  changeRules(job: ScrapeConfig): void {
    this.#job = job
    const { tracked, refs, count, iteration } = this.#cache
    for (let line = 0; line < count; line++)
      if (tracked[line] === iteration - 1) this.#orphans.push(refs[line]!)
    this.#reset(iteration)
  }

  get cacheBytes(): number {
    return this.#cache.bytes
  }

  /**
   * Reads a body into `batch`, which must be empty.
   * @throws ExpositionError, SampleLimitError, LabelLimitError, Error; the batch is then to be cleared, and
   * `markAllStale` to be called
   */
  read(body: IngestBody, timeMs: number, batch: AppendBatch): void {
    this.scraped = this.added = this.seriesAdded = this.outOfBounds = this.duplicates = 0
    this.#nextCount = 0
    this.#zeros = 0
    if (body.length === 0) return
    if (this.#format !== body.format) this.#changeFormat(body.format)
    if (this.#needsEntries(body.format)) {
      const bytes = body.bytes.subarray(0, body.length)
      readEntries(bytes, body.format, this.#job, this.#features, this.#sink(timeMs, batch))
    } else this.#readText(body, timeMs, batch)
    const limit = this.#job.sample_limit
    if (limit > 0 && this.#taken(batch) > limit) throw new SampleLimitError()
    this.#metadataLog?.addTo(batch)
  }

  /** What a series is may be known only lines later: then every line goes through the parser. */
  #needsEntries(format: ExpositionFormat): boolean {
    const { createdTimes, typeAndUnitLabels } = this.#features
    if (format === 'protobuf' || this.#job.convert_classic_histograms_to_nhcb === true) return true
    return typeAndUnitLabels || (createdTimes && format === 'openmetrics')
  }

  /** Samples of the body in the batch: all but the zeros at created times. */
  #taken(batch: AppendBatch): number {
    return batch.count + batch.histograms.length - this.#zeros
  }

  #changeFormat(format: ExpositionFormat): void {
    if (this.#format !== undefined) this.changeRules(this.#job)
    this.#format = format
    this.#parser = format === 'protobuf' ? undefined : createTextParser(format)
  }

  #readText(body: IngestBody, timeMs: number, batch: AppendBatch): void {
    const parser = this.#parser!
    const view = new DataView(body.bytes.buffer, body.bytes.byteOffset, body.bytes.byteLength)
    parser.reset(body.bytes, body.length)
    this.#position = 0
    this.#expected = 0
    for (;;) {
      if (this.#warm(body, view, timeMs, batch)) continue
      parser.position = this.#position
      const start = this.#position
      const kind = parser.next()
      this.#position = parser.position
      if (kind === 'end') return
      if (kind === 'series') this.#coldSeries(parser, body.bytes, view, timeMs, batch)
      else this.#coldComment(kind, parser, body.bytes, view, start)
    }
  }

  /**
   * Reads lines as long as they are the expected ones, and leaves the position at the first that is not. The only hot
   * loop of a scrape: columns in locals, no calls but the hash.
   * @returns true when it stopped at an expected line with an unusual end (many digits, timestamp, exemplar), and took it
   */
  #warm(body: IngestBody, view: DataView, timeMs: number, batch: AppendBatch): boolean {
    const { bytes, length } = body
    const cache = this.#cache
    const {
      order,
      orderCount,
      lengths,
      hashLow,
      hashHigh,
      kinds,
      types,
      seen,
      tracked,
      trackedBefore,
      iteration,
    } = cache
    const hash = this.#hash
    const parser = this.#parser!
    let expected = this.#expected
    if (expected >= orderCount) return false
    let tail = -1
    batch.grow(batch.count + orderCount - expected + 1)
    this.#reserve(batch.count + orderCount - expected + 1, this.#nextCount + orderCount - expected + 1)
    const { refs, timesMs, values } = batch
    const lineRefs = cache.refs
    const sampleLines = this.#sampleLines
    const nextOrder = this.#nextOrder
    let next = this.#nextCount
    let count = batch.count
    let at = this.#position
    while (expected < orderCount) {
      const line = order[expected]!
      const behind = at + lengths[line]!
      if (behind >= length) break
      hash.update(view, bytes, at, lengths[line]!)
      if (hash.low !== hashLow[line] || hash.high !== hashHigh[line]) break
      if (kinds[line] === LineKind.comment) {
        if (bytes[behind] !== LF) break
        if (types[line] !== 0) parser.type = TYPES[types[line]! - 1]!
        seen[line] = iteration
        nextOrder[next++] = line
        at = behind + 1
        expected++
        continue
      }
      if (bytes[behind] !== SPACE || kinds[line] === LineKind.gone || seen[line] === iteration) break
      // The value: sign, digits, point, digits, exponent, line break. Anything else is the parser's.
      let i = behind + 1
      let c = bytes[i]!
      const negative = c === 45
      if (negative) c = bytes[++i]!
      let mantissa = 0
      let exponent = 0
      const digitsStart = i
      while (c >= 48 && c <= 57) {
        mantissa = mantissa * 10 + (c - 48)
        c = bytes[++i]!
      }
      let digits = i - digitsStart
      if (c === 46) {
        const pointAt = i
        c = bytes[++i]!
        while (c >= 48 && c <= 57) {
          mantissa = mantissa * 10 + (c - 48)
          c = bytes[++i]!
        }
        exponent = pointAt + 1 - i
        digits -= exponent
      }
      if (digits > 0 && (c === 101 || c === 69)) {
        c = bytes[++i]!
        const down = c === 45
        if (down || c === 43) c = bytes[++i]!
        const exponentStart = i
        let given = 0
        while (c >= 48 && c <= 57 && given < 1000) {
          given = given * 10 + (c - 48)
          c = bytes[++i]!
        }
        if (i === exponentStart) digits = 0
        exponent += down ? -given : given
      }
      if (
        c !== LF ||
        digits === 0 ||
        digits > 15 ||
        mantissa > MANTISSA_MAX ||
        exponent > 22 ||
        exponent < -22 ||
        i > length
      ) {
        tail = behind
        break
      }
      const magnitude =
        exponent === 0
          ? mantissa
          : exponent < 0
            ? mantissa / POWERS_OF_TEN[-exponent]!
            : mantissa * POWERS_OF_TEN[exponent]!
      seen[line] = iteration
      nextOrder[next++] = line
      expected++
      at = i + 1
      this.scraped++
      if (kinds[line] === LineKind.dropped) continue
      this.added++
      trackedBefore[line] = tracked[line]!
      tracked[line] = iteration
      sampleLines[count] = line
      refs[count] = lineRefs[line]!
      timesMs[count] = timeMs
      values[count] = negative ? -magnitude : magnitude
      count++
    }
    batch.count = count
    this.#nextCount = next
    this.#expected = expected
    this.#position = at
    if (tail < 0) return false
    this.#knownTail(order[expected]!, tail, timeMs, batch)
    return true
  }

  /** A line whose series part is known; the parser reads the rest. */
  #knownTail(line: number, behind: number, timeMs: number, batch: AppendBatch): void {
    const parser = this.#parser!
    parser.sampleTail(this.#position, behind)
    this.#position = parser.position
    this.scraped++
    const exemplars = parser.exemplar === undefined ? NO_EXEMPLARS : [parser.exemplar]
    this.#place(line)
    this.#take(line, true, parser.value, parser.hasTime ? parser.timeMs : undefined, timeMs, exemplars, batch)
  }

  #coldComment(
    kind: 'type' | 'help' | 'unit' | 'comment',
    parser: TextParser,
    bytes: Uint8Array,
    view: DataView,
    start: number,
  ): void {
    const length = this.#position - 1 - start
    if (kind !== 'comment')
      this.metadata.set(parser.metricName, kind, kind === 'type' ? parser.type : parser.text)
    this.#hash.update(view, bytes, start, length)
    const { low, high } = this.#hash
    let line = this.#cache.find(low, high, length)
    if (line < 0) line = this.#cache.add(low, high, length, LineKind.comment, 0)
    if (kind === 'type') this.#cache.types[line] = 1 + TYPES.indexOf(parser.type)
    if (kind !== 'comment') this.#families.set(line, parser.metricName)
    this.#place(line)
  }

  #coldSeries(
    parser: TextParser,
    bytes: Uint8Array,
    view: DataView,
    timeMs: number,
    batch: AppendBatch,
  ): void {
    this.scraped++
    const length = parser.seriesEnd - parser.seriesStart
    this.#hash.update(view, bytes, parser.seriesStart, length)
    const { low, high } = this.#hash
    const known = this.#cache.find(low, high, length)
    const exemplars = parser.exemplar === undefined ? NO_EXEMPLARS : [parser.exemplar]
    const given = parser.hasTime ? parser.timeMs : undefined
    const line = known >= 0 ? known : this.#newLine(low, high, length, () => parser.labels(), batch)
    this.#place(line)
    this.#take(line, known >= 0, parser.value, given, timeMs, exemplars, batch)
  }

  /** -1 when there is no room for the series: over the sample limit, or the storage is full. */
  #newLine(low: number, high: number, length: number, labelsOf: () => Labels, batch: AppendBatch): number {
    const labels = storedLabels(labelsOf(), this.#targetLabels, this.#job)
    if (labels === undefined) return this.#cache.add(low, high, length, LineKind.dropped, 0)
    const limit = this.#job.sample_limit
    if (limit > 0 && this.#taken(batch) > limit) return -1
    const ref = this.#appender.seriesRef(labels)
    if (ref < 0) throw new Error('the storage takes no more series')
    this.#metadataLog?.noteSeries(ref, labels.metricName)
    return this.#cache.add(low, high, length, LineKind.series, ref)
  }

  /** One sample of the slow path. */
  #take(
    line: number,
    wasKnown: boolean,
    value: number | FloatHistogram,
    givenMs: number | undefined,
    scrapeMs: number,
    exemplars: readonly ParsedExemplar[],
    batch: AppendBatch,
    isInteger = false,
    createdMs: number | undefined = undefined,
  ): void {
    const cache = this.#cache
    if (line >= 0 && cache.kinds[line] === LineKind.dropped) {
      cache.seen[line] = cache.iteration
      return
    }
    this.added++
    if (line < 0) return
    const explicit = this.#job.honor_timestamps ? givenMs : undefined
    const isRepeated = wasKnown && cache.seen[line] === cache.iteration
    cache.seen[line] = cache.iteration
    if (isRepeated && explicit === undefined) {
      this.duplicates++
      return
    }
    const timeMs = explicit ?? scrapeMs
    if (timeMs > scrapeMs + MAX_AHEAD_MS) {
      this.outOfBounds++
      return
    }
    if (!wasKnown) this.seriesAdded++
    if (explicit === undefined || this.#job.track_timestamps_staleness) this.#track(line)
    const ref = cache.refs[line]!
    const stored = typeof value === 'number' ? value : limitResolution(value, this.#job)
    if (createdMs !== undefined && needsZero(this.#appender, ref, createdMs, timeMs)) {
      this.#zeros++
      this.#store(batch, line, createdMs, zeroLike(stored), isInteger)
    }
    this.#store(batch, line, timeMs, stored, isInteger)
    for (const { labels, value: exemplarValue, timeMs: own } of exemplars)
      batch.exemplars.push({ ref, exemplar: { labels, value: exemplarValue, timeMs: own ?? timeMs } })
  }

  #store(
    batch: AppendBatch,
    line: number,
    timeMs: number,
    value: number | FloatHistogram,
    isInteger: boolean,
  ): void {
    const ref = this.#cache.refs[line]!
    if (typeof value === 'number') return this.#push(batch, line, ref, timeMs, value)
    this.#histogramLines[batch.histograms.length] = line
    batch.histograms.push({ ref, timeMs, histogram: value, isInteger })
  }

  #track(line: number): void {
    const { tracked, trackedBefore, iteration } = this.#cache
    if (tracked[line] === iteration) return
    trackedBefore[line] = tracked[line]!
    tracked[line] = iteration
  }

  #push(batch: AppendBatch, line: number, ref: SeriesRef, timeMs: number, value: number): void {
    this.#reserve(batch.count + 1, 0)
    this.#sampleLines[batch.count] = line
    batch.push(ref, timeMs, value)
    if (!Number.isNaN(value)) return
    // Upstream's canonical NaN, told from the stale marker by its payload.
    batch.bits[2 * batch.count - 2] = 1
    batch.bits[2 * batch.count - 1] = 0x7ff80000
  }

  #place(line: number): void {
    if (line < 0) return
    this.#reserve(0, this.#nextCount + 1)
    this.#nextOrder[this.#nextCount++] = line
    // A known line that stood elsewhere: go on behind it, so that one insertion does not make all that follows cold.
    const cache = this.#cache
    const place = cache.places[line]!
    if (place < cache.orderCount && cache.order[place] === line) this.#expected = place + 1
  }

  #reserve(samples: number, lines: number): void {
    if (samples > this.#sampleLines.length) this.#sampleLines = enlarged(this.#sampleLines, samples)
    if (lines > this.#nextOrder.length) this.#nextOrder = enlarged(this.#nextOrder, lines)
  }

  #sink(timeMs: number, batch: AppendBatch): ExpositionSink {
    return {
      metadata: (family, { type, help, unit }) => {
        if (type !== undefined) this.metadata.set(family, 'type', type)
        if (help !== undefined) this.metadata.set(family, 'help', help)
        if (unit !== undefined) this.metadata.set(family, 'unit', unit)
      },
      sample: (labels, value, given, exemplars, createdMs) =>
        this.#keyed(labels, value, given, timeMs, exemplars, batch, false, createdMs),
      histogram: (labels, value, given, exemplars, isInteger, createdMs) =>
        this.#keyed(labels, value, given, timeMs, exemplars, batch, isInteger, createdMs),
    }
  }

  #keyed(
    labels: Labels,
    value: number | FloatHistogram,
    given: number | undefined,
    timeMs: number,
    exemplars: readonly ParsedExemplar[],
    batch: AppendBatch,
    isInteger = false,
    createdMs: number | undefined = undefined,
  ): void {
    this.scraped++
    const key = labels.key()
    const known = this.#byKey.get(key)
    const isKnown = known !== undefined && this.#cache.kinds[known] !== LineKind.gone
    const line = isKnown ? known : this.#newLine(this.#byKey.size, 0, 0, () => labels, batch)
    if (!isKnown && line >= 0) this.#byKey.set(key, line)
    this.#place(line)
    this.#take(line, isKnown, value, given, timeMs, exemplars, batch, isInteger, createdMs)
  }

  /** Adds a stale marker for each series of the last scrape that this one did not bring. */
  markVanished(batch: AppendBatch, timeMs: number): void {
    const { tracked, refs, count, iteration } = this.#cache
    const gone: SeriesRef[] = this.#orphans
    for (let line = 0; line < count; line++) if (tracked[line] === iteration - 1) gone.push(refs[line]!)
    this.#orphans = []
    if (gone.length === 0) return
    // The same series may have come under another text, or under new rules.
    const present = new Set<SeriesRef>()
    for (let line = 0; line < count; line++) if (tracked[line] === iteration) present.add(refs[line]!)
    for (const ref of new Set(gone)) if (!present.has(ref)) batch.pushStale(ref, timeMs)
  }

  /** Adds a stale marker for each series of the last good scrape: the target is down, or gone. */
  markAllStale(batch: AppendBatch, timeMs: number): void {
    const { tracked, trackedBefore, refs, count, iteration } = this.#cache
    const gone = new Set<SeriesRef>(this.#orphans)
    this.#orphans = []
    for (let line = 0; line < count; line++) {
      const last = tracked[line] === iteration ? trackedBefore[line]! : tracked[line]!
      if (last === iteration - 1 && last !== 0) gone.add(refs[line]!)
      tracked[line] = 0
    }
    for (const ref of gone) batch.pushStale(ref, timeMs)
  }

  /**
   * Takes what became of the batch: lines whose series the storage dropped count as new at the next scrape.
   * @param samples number of scraped samples at the start of the batch; markers and reports follow
   */
  settle(outcome: AppendOutcome, samples: number): { readonly unknown: number } {
    this.#metadataLog?.settle()
    let unknown = 0
    for (let i = 0; i < samples; i++)
      if (outcome.statuses[i] === AppendStatus.unknownSeries) {
        this.#cache.forget(this.#sampleLines[i]!)
        unknown++
      }
    outcome.histogramStatuses.forEach((status, i) => {
      if (status !== AppendStatus.unknownSeries) return
      this.#cache.forget(this.#histogramLines[i]!)
      unknown++
    })
    return { unknown }
  }

  /**
   * Ends a scrape.
   * @param good whether its body becomes the expected one
   * @returns true when lines of failing scrapes had to be thrown away
   */
  finish(good: boolean): boolean {
    const cache = this.#cache
    if (good) {
      const last = cache.order
      cache.order = this.#nextOrder
      cache.orderCount = this.#nextCount
      this.#nextOrder = last
      for (let place = 0; place < cache.orderCount; place++) cache.places[cache.order[place]!] = place
    }
    this.#nextCount = 0
    const isFlood = !good && cache.count > 2 * cache.orderCount + 1000
    const moved = isFlood ? this.#reset(cache.iteration) : cache.compact(false)
    if (moved !== undefined) this.#remap(moved)
    this.#cache.iteration++
    return isFlood
  }

  #reset(iteration: number): undefined {
    this.#cache = new LineCache()
    this.#cache.iteration = iteration
    this.#byKey = new Map()
    this.#families = new Map()
    this.#nextCount = 0
    if (this.#metadataLog !== undefined) this.#metadataLog = new MetadataLog(this.metadata)
    return undefined
  }

  #remap(moved: Int32Array): void {
    const families = new Map<number, string>()
    const left = new Set<string>()
    for (const [line, family] of this.#families)
      if (moved[line]! >= 0) families.set(moved[line]!, family)
      else left.add(family)
    const present = new Set(families.values())
    for (const family of left) if (!present.has(family)) this.metadata.delete(family)
    this.#families = families
    this.#metadataLog?.retain(new Set(this.#cache.refs.subarray(0, this.#cache.count)))
    for (const [key, line] of this.#byKey)
      if (moved[line]! >= 0) this.#byKey.set(key, moved[line]!)
      else this.#byKey.delete(key)
  }
}

const NO_EXEMPLARS: readonly ParsedExemplar[] = []
const NO_FEATURES = scrapeFeatures([])
