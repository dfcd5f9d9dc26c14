import { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { appendFile, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress, zstdDecompressSync } from 'node:zlib'
import type { Clock, Counter, Logger, Registry } from '@promontory/base'
import { TimeSlice } from '../time-slice.ts'
import { matchesHistory, type HistoryEvent, type HistoryFilter, type HistoryStore } from './history.ts'

export interface HistoryJournalOptions {
  /** A folder of its own. */
  readonly directory: string
  readonly clock: Clock
  readonly logger: Logger
  readonly registry: Registry
  /** Older events go; 0 keeps them as long as there is room. */
  readonly retentionMs: number
  /** Bytes on the disk; the oldest segment goes when there are more. 0 for any number. */
  readonly bytesMax: number
  /** A segment that has grown beyond this is closed and compressed. */
  readonly segmentBytes?: number
}

/** Text of a segment: some 15,000 events, a tenth of that when compressed. */
const SEGMENT_BYTES = 4 * 1024 * 1024
/** Lines that wait for a disk that does not take them; beyond that they are lost to the journal, and counted. */
const PENDING_BYTES_MAX = 16 * 1024 * 1024
/** After a failure the disk is left alone for this time. */
const REST_MS = 5000
/** Searches whose results in closed segments are remembered: pages ask the same every few seconds. */
const REMEMBERED_MAX = 64
const REMEMBERED_EVENTS_MAX = 2000

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/** `00000012-1767225600000.jsonl[.zst]`: number and the time of the first event. */
const SEGMENT_NAME = /^(\d{8,})-(\d+)\.jsonl(\.zst)?$/

interface Segment {
  readonly number: number
  readonly firstMs: number
  file: string
  bytes: number
  isCompressed: boolean
}

/** What a search found in all segments up to one. */
interface Remembered {
  readonly upTo: number
  readonly events: readonly HistoryEvent[]
}

/**
 * The history on the disk: JSON lines in numbered segments. Lines that come while the disk is busy go out together with
 * the next write. Closed segments are compressed with zstd and never change; the oldest go by age and size. Losing the
 * journal loses no alert and no notification: nothing is decided by it.
 */
export class HistoryJournal implements HistoryStore {
  readonly #options: HistoryJournalOptions
  readonly #lost: Counter
  readonly #segments: Segment[]
  readonly #remembered = new Map<string, Remembered>()
  #pending: string[] = []
  #pendingBytes = 0
  #pendingFirstMs = 0
  #writing: Promise<void> | undefined
  #searching: Promise<unknown> = Promise.resolve()
  #restUntilMs = 0
  #isClosed = false

  /** @throws when the folder cannot be made or listed */
  constructor(options: HistoryJournalOptions) {
    this.#options = options
    this.#lost = options.registry.counter({
      name: 'promontory_alert_history_lost_total',
      help: 'Decisions that could not be written to the history on the disk.',
    })
    mkdirSync(options.directory, { recursive: true })
    this.#segments = listSegments(options.directory)
    const bytes = options.registry.gauge({
      name: 'promontory_alert_history_bytes',
      help: 'Size of the history of alerts on the disk.',
    })
    options.registry.onCollect(() => bytes.set(this.#segments.reduce((sum, one) => sum + one.bytes, 0)))
  }

  load(countMax: number): { events: HistoryEvent[]; hasOlder: boolean } {
    const newestFirst: HistoryEvent[] = []
    for (const segment of [...this.#segments].reverse()) {
      if (newestFirst.length >= countMax) return { events: newestFirst.reverse(), hasOlder: true }
      try {
        const raw = readFileSync(segment.file)
        const lines = (segment.isCompressed ? zstdDecompressSync(raw) : raw).toString('utf8').split('\n')
        for (let i = lines.length - 1; i >= 0 && newestFirst.length < countMax; i--) {
          const event = parseEvent(lines[i]!)
          if (event !== undefined) newestFirst.push(event)
        }
      } catch (error) {
        this.#unreadable(segment, error)
      }
    }
    // The last segment may have been cut off in the middle: then there are older ones, too.
    return { events: newestFirst.reverse(), hasOlder: newestFirst.length >= countMax }
  }

  append(event: HistoryEvent): void {
    if (this.#isClosed) return
    const line = `${JSON.stringify(event)}\n`
    if (this.#pendingBytes + line.length > PENDING_BYTES_MAX) {
      this.#lost.inc()
      return
    }
    if (this.#pending.length === 0) this.#pendingFirstMs = event.timeMs
    this.#pending.push(line)
    this.#pendingBytes += line.length
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined))
  }

  search(filter: HistoryFilter & { readonly limit: number }): Promise<HistoryEvent[]> {
    // One after another: each holds a segment's text.
    const found = this.#searching.then(() => this.#search(filter))
    this.#searching = found.catch(() => undefined)
    return found
  }

  async maintain(): Promise<void> {
    for (const segment of this.#segments.slice(0, -1))
      if (!segment.isCompressed) await this.#closeSegment(segment)
    const { retentionMs, bytesMax, clock } = this.#options
    const beforeMs = retentionMs === 0 ? Number.NEGATIVE_INFINITY : clock.nowMs() - retentionMs
    let bytes = this.#segments.reduce((sum, one) => sum + one.bytes, 0)
    // A segment's last event is not younger than the next one's first; the open segment stays.
    while (this.#segments.length > 1) {
      const [oldest, next] = this.#segments as [Segment, Segment]
      if (next.firstMs >= beforeMs && (bytesMax === 0 || bytes <= bytesMax)) break
      this.#segments.shift()
      bytes -= oldest.bytes
      await rm(oldest.file, { force: true }).catch((error: unknown) => this.#unreadable(oldest, error))
    }
  }

  async close(): Promise<void> {
    this.#restUntilMs = 0
    await this.#flush()
    this.#isClosed = true
    await this.#searching
  }

  get #segmentBytes(): number {
    return this.#options.segmentBytes ?? SEGMENT_BYTES
  }

  // Writing

  /** Resolves when what was appended so far was written, or could not be. */
  async #flush(): Promise<void> {
    if (this.#pending.length > 0) this.#writing ??= this.#write().finally(() => (this.#writing = undefined))
    await this.#writing
  }

  async #write(): Promise<void> {
    // Whatever else is added in this turn goes along.
    await Promise.resolve()
    while (this.#pending.length > 0 && this.#options.clock.monotonicMs() >= this.#restUntilMs) {
      const lines = this.#pending
      const bytes = this.#pendingBytes
      this.#pending = []
      this.#pendingBytes = 0
      const segment = this.#openSegment()
      try {
        const text = lines.join('')
        await appendFile(segment.file, text)
        segment.bytes += Buffer.byteLength(text)
        if (segment.bytes >= this.#segmentBytes) {
          await this.#closeSegment(segment)
          await this.maintain()
        }
      } catch (error) {
        // A full disk may have taken a part, which comes again.
        await truncate(segment.file, segment.bytes).catch(() => undefined)
        this.#pending = [...lines, ...this.#pending]
        this.#pendingBytes += bytes
        this.#restUntilMs = this.#options.clock.monotonicMs() + REST_MS
        this.#options.logger.error('The history of alerts cannot be written', { err: error })
        return
      }
    }
  }

  /** The segment that is written to: after a restart the last one, unless it is compressed. */
  #openSegment(): Segment {
    const last = this.#segments.at(-1)
    if (last !== undefined && !last.isCompressed && last.bytes < this.#segmentBytes) return last
    const number = (last?.number ?? 0) + 1
    const firstMs = Math.max(0, Math.floor(this.#pendingFirstMs))
    const name = `${String(number).padStart(8, '0')}-${firstMs}.jsonl`
    const segment = {
      number,
      firstMs,
      file: join(this.#options.directory, name),
      bytes: 0,
      isCompressed: false,
    }
    this.#segments.push(segment)
    return segment
  }

  /** Never rejects: a segment that cannot be compressed now is taken up by the next {@link maintain}. */
  async #closeSegment(segment: Segment): Promise<void> {
    try {
      await this.#compress(segment)
    } catch (error) {
      this.#options.logger.warn('A part of the history of alerts stays uncompressed', {
        file: segment.file,
        err: error,
      })
    }
  }

  /** In a thread of the runtime's. A crash in between leaves the text. */
  async #compress(segment: Segment): Promise<void> {
    const packed = await compress(await readFile(segment.file))
    const [draft, file] = [`${segment.file}.tmp`, `${segment.file}.zst`]
    await writeFile(draft, packed)
    await rename(draft, file)
    await rm(segment.file, { force: true })
    Object.assign(segment, { file, bytes: packed.length, isCompressed: true })
  }

  // Reading

  async #search(filter: HistoryFilter & { readonly limit: number }): Promise<HistoryEvent[]> {
    await this.#flush()
    const key = JSON.stringify(filter)
    const known = this.#remembered.get(key)
    const found: HistoryEvent[] = []
    const closed: HistoryEvent[] = []
    const segments = [...this.#segments].reverse()
    const newestClosed = segments.find(({ isCompressed }) => isCompressed)?.number ?? 0
    for (const [i, segment] of segments.entries()) {
      if (found.length >= filter.limit) break
      // What is newer than this segment begins where it ends.
      if (filter.startMs !== undefined && i > 0 && segments[i - 1]!.firstMs < filter.startMs) break
      if (filter.endMs !== undefined && segment.firstMs > filter.endMs) continue
      if (known !== undefined && segment.number <= known.upTo) {
        closed.push(...known.events)
        found.push(...known.events)
        break
      }
      const events = await this.#eventsOf(segment, filter, filter.limit - found.length)
      found.push(...events)
      if (segment.isCompressed) closed.push(...events)
    }
    this.#remember(key, { upTo: newestClosed, events: closed }, found.length < filter.limit)
    return found.slice(0, filter.limit)
  }

  #remember(key: string, result: Remembered, isComplete: boolean): void {
    this.#remembered.delete(key)
    if (!isComplete || result.events.length > REMEMBERED_EVENTS_MAX) return
    this.#remembered.set(key, result)
    if (this.#remembered.size > REMEMBERED_MAX) this.#remembered.delete(this.#remembered.keys().next().value!)
  }

  /** Newest first. */
  async #eventsOf(segment: Segment, filter: HistoryFilter, limit: number): Promise<HistoryEvent[]> {
    let text: Buffer
    try {
      const raw = await readFile(segment.file)
      text = segment.isCompressed ? await decompress(raw) : raw
    } catch (error) {
      this.#unreadable(segment, error)
      return []
    }
    const needle = needleOf(filter)
    const found: HistoryEvent[] = []
    const slice = new TimeSlice()
    for (let end = text.length; end > 0 && found.length < limit;) {
      // With something to look for, lines without it are not even cut out.
      const hit = needle === undefined ? end - 1 : text.lastIndexOf(needle, end - 1)
      if (hit < 0) break
      const start = hit === 0 ? 0 : text.lastIndexOf(10, hit - 1) + 1
      const newline = text.indexOf(10, hit)
      const event = parseEvent(text.toString('utf8', start, newline < 0 ? text.length : newline))
      if (event !== undefined && matchesHistory(event, filter)) found.push(event)
      end = start
      if (slice.isOver) await slice.pause()
    }
    return found
  }

  #unreadable(segment: Segment, error: unknown): void {
    this.#options.logger.warn('A part of the history of alerts is left out', {
      file: segment.file,
      err: error,
    })
  }
}

/** A text that each line must have in it. */
function needleOf({
  fingerprint,
  groupKey,
  integration,
  receiver,
  kinds,
}: HistoryFilter): Buffer | undefined {
  const text =
    fingerprint ?? groupKey ?? integration ?? receiver ?? (kinds?.length === 1 ? kinds[0] : undefined)
  return text === undefined ? undefined : Buffer.from(JSON.stringify(text))
}

/** Undefined for an empty line and for one that a crash tore. */
function parseEvent(line: string): HistoryEvent | undefined {
  if (line === '') return undefined
  try {
    const event = JSON.parse(line) as HistoryEvent
    return typeof event?.timeMs === 'number' && Array.isArray(event.alerts) ? event : undefined
  } catch {
    return undefined
  }
}

/** The segments of a folder, oldest first. A text whose compressed form is there was left by a crash. */
function listSegments(directory: string): Segment[] {
  const found = new Map<number, Segment>()
  for (const name of readdirSync(directory).sort()) {
    const [, number, firstMs, packed] = SEGMENT_NAME.exec(name) ?? []
    if (number === undefined) continue
    const file = join(directory, name)
    const segment = {
      number: Number(number),
      firstMs: Number(firstMs),
      file,
      isCompressed: packed !== undefined,
    }
    found.set(segment.number, { ...segment, bytes: statSync(file).size })
  }
  const segments = [...found.values()].sort((a, b) => a.number - b.number)
  endLine(segments.at(-1))
  return segments
}

/** What a crash tore stays a line of its own, which is left out when it is read. */
function endLine(segment: Segment | undefined): void {
  if (segment === undefined || segment.isCompressed || segment.bytes === 0) return
  if (readFileSync(segment.file).at(-1) !== 10) appendFileSync(segment.file, '\n')
}
