import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, errorText, type Logger, type Registry } from '@promontory/base'
import { sameConfig } from '@promontory/base/yaml'
import type { Labels } from '@promontory/model'
import { RemoteWriteMetrics } from './remote-metrics.ts'
import { isBefore, type LogPosition, type SampleLogs } from './sample-log.ts'
import { WriteQueue } from './write-queue.ts'
import type { FamilyMetadata, RemoteWriteSettings, WriteQueueState } from './write-queue-options.ts'

export interface RemoteWriteManagerOptions {
  readonly logs: SampleLogs
  readonly metadata: () => readonly FamilyMetadata[]
  /** What the storage took since the start; `highestMs` is not finite while it has nothing. */
  readonly taken: () => {
    readonly samples: number
    readonly histograms: number
    readonly exemplars: number
    readonly highestMs: number
  }
  /** Keeps how far each queue has come. */
  readonly directory: string
  readonly clock: Clock
  readonly logger: Logger
  readonly registry: Registry
  readonly userAgent: string
  readonly flushDeadlineMs: number
  /** `--storage.remote.log-size`: so much of the log is kept for receivers that are away; 0 for all of it. */
  readonly logBytesMax: number
}

/** How often positions are written down: so much may be sent twice after a crash. */
const SAVE_MS = 1000
/** How often the log's size is looked at. */
const BOUND_MS = 30_000

interface Running {
  readonly queue: WriteQueue
  readonly file: string
  readonly settings: RemoteWriteSettings
  readonly externalLabels: Labels
  saved: LogPosition
}

/**
 * The queues of `remote_write`. Each remembers how far its receiver has acknowledged, in a file of its own that is known by
 * name and URL, so that a restart or a reload goes on there. A reload leaves unchanged queues alone.
 */
export class RemoteWriteManager {
  readonly #options: RemoteWriteManagerOptions
  readonly #metrics: RemoteWriteMetrics
  #queues: Running[] = []
  #timer: ReturnType<typeof setInterval> | undefined
  #boundTimer: ReturnType<typeof setInterval> | undefined

  constructor(options: RemoteWriteManagerOptions) {
    this.#options = options
    this.#metrics = new RemoteWriteMetrics(options.registry)
    options.registry.onCollect(() => {
      for (const { queue } of this.#queues) queue.observe()
      if (this.#queues.length === 0) return
      const { samples, histograms, exemplars, highestMs } = options.taken()
      this.#metrics.samplesIn.setTotal(samples)
      this.#metrics.histogramsIn.setTotal(histograms)
      this.#metrics.exemplarsIn.setTotal(exemplars)
      this.#metrics.highestTime.set(Number.isFinite(highestMs) ? highestMs / 1000 : 0)
    })
  }

  /** Starts, stops and keeps queues as the configuration has them now. */
  async apply(entries: readonly RemoteWriteSettings[], externalLabels: Labels): Promise<void> {
    const isSame = (running: Running, settings: RemoteWriteSettings): boolean =>
      running.externalLabels.equals(externalLabels) && sameConfig(running.settings, settings)
    const kept = this.#queues.filter((running) => entries.some((settings) => isSame(running, settings)))
    const gone = this.#queues.filter((running) => !kept.includes(running))
    await Promise.all(gone.map(({ queue }) => queue.stop()))
    for (const running of gone) this.#save(running)
    this.#queues = entries.map(
      (settings) =>
        kept.find((running) => isSame(running, settings)) ?? this.#start(settings, externalLabels),
    )
    this.#forgetOthers()
    this.#clearTimers()
    if (this.#queues.length === 0) return
    this.#timer = setInterval(() => this.#saveAll(), SAVE_MS).unref()
    this.#boundTimer = setInterval(() => this.boundLog(), BOUND_MS).unref()
  }

  async stop(): Promise<void> {
    this.#clearTimers()
    await Promise.all(this.#queues.map(({ queue }) => queue.stop()))
    this.#saveAll()
    this.#queues = []
  }

  states(): WriteQueueState[] {
    return this.#queues.map(({ queue }) => queue.state())
  }

  /** The oldest place in the log that some queue has yet to send; undefined when there are no queues. */
  needsFrom(): LogPosition | undefined {
    const positions = this.#queues.map(({ queue }) => queue.neededFrom)
    return positions.reduce<LogPosition | undefined>(
      (oldest, position) => (oldest === undefined || isBefore(position, oldest) ? position : oldest),
      undefined,
    )
  }

  /** Lets queues give up what makes the log larger than it may be. Called now and then by itself. */
  boundLog(): void {
    const { logs, logBytesMax } = this.#options
    if (logBytesMax === 0) return
    const segments = logs.segments()
    let bytes = 0
    let first = segments.length
    while (first > 0 && bytes + segments[first - 1]!.bytes <= logBytesMax) bytes += segments[--first]!.bytes
    // The segment that is written is never given up.
    const kept = segments[Math.min(first, segments.length - 1)]
    if (kept === undefined) return
    for (const { queue } of this.#queues)
      if (queue.acknowledged.segment < kept.segment) queue.skipTo(kept.segment)
  }

  #clearTimers(): void {
    clearInterval(this.#timer)
    clearInterval(this.#boundTimer)
  }

  #start(settings: RemoteWriteSettings, externalLabels: Labels): Running {
    const { directory, logs, logger } = this.#options
    const id = createHash('sha256').update(`${settings.name}\n${settings.url}`).digest('hex').slice(0, 12)
    const name = settings.name === '' ? id.slice(0, 6) : settings.name
    const file = join(directory, `${id}.json`)
    const from = this.#restore(file) ?? logs.end()
    const queue = new WriteQueue({
      ...this.#options,
      name,
      settings,
      externalLabels,
      from,
      metrics: this.#metrics,
      logger: logger.with({ remote_name: name, url: settings.url.replace(/\/\/[^/@]*@/, '//') }),
    })
    const running = { queue, file, settings, externalLabels, saved: from }
    this.#save(running)
    queue.start()
    return running
  }

  #restore(file: string): LogPosition | undefined {
    if (!existsSync(file)) return undefined
    try {
      const { segment, offset } = JSON.parse(readFileSync(file, 'utf8')) as LogPosition
      if (Number.isSafeInteger(segment) && Number.isSafeInteger(offset)) return { segment, offset }
      throw new Error('no segment and offset in it')
    } catch (error) {
      this.#options.logger.error('the position of a remote-write queue cannot be read: it starts at the end of the log', { file, error: errorText(error) }) // prettier-ignore
      return undefined
    }
  }

  #saveAll(): void {
    for (const running of this.#queues)
      if (isBefore(running.saved, running.queue.acknowledged)) this.#save(running)
  }

  #save(running: Running): void {
    const { file, queue } = running
    try {
      mkdirSync(this.#options.directory, { recursive: true })
      writeFileSync(`${file}.tmp`, JSON.stringify(queue.acknowledged))
      renameSync(`${file}.tmp`, file)
      running.saved = queue.acknowledged
    } catch (error) {
      this.#options.logger.error('the position of a remote-write queue cannot be kept', { file, error })
    }
  }

  /** Positions of receivers that are no longer configured: they would hold the log for ever. */
  #forgetOthers(): void {
    const { directory } = this.#options
    if (!existsSync(directory)) return
    const ours = new Set(this.#queues.map(({ file }) => file))
    for (const entry of readdirSync(directory))
      if (!ours.has(join(directory, entry))) rmSync(join(directory, entry))
  }
}
