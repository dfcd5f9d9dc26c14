import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Clock, Logger, Timer } from '@promontory/base'
import type { ReceivedMetadata } from '@promontory/remote'

/** New families wait so long for the disk. */
const INTERVAL_MS = 60_000

/**
 * What remote write and OTLP told of metric families, kept over restarts: senders tell it again, but some only with new series.
 * One JSON file, replaced in one step, at most once a minute.
 */
export class ReceivedMetadataFile {
  readonly #file: string
  readonly #metadata: ReceivedMetadata
  readonly #clock: Clock
  readonly #logger: Logger
  #saved: number
  #timer: Timer

  /** Reads the file, when there is one. */
  constructor(file: string, metadata: ReceivedMetadata, clock: Clock, logger: Logger) {
    this.#file = file
    this.#metadata = metadata
    this.#clock = clock
    this.#logger = logger
    this.#load()
    this.#saved = metadata.revision
    this.#timer = this.#wait()
  }

  /** Writes what is not written yet. */
  close(): void {
    this.#timer.cancel()
    this.#save()
  }

  #wait(): Timer {
    return this.#clock.setTimer(INTERVAL_MS, () => {
      this.#save()
      this.#timer = this.#wait()
    })
  }

  #load(): void {
    let text: string
    try {
      text = readFileSync(this.#file, 'utf8')
    } catch {
      return
    }
    try {
      for (const row of (JSON.parse(text) as { families: unknown[][] }).families) {
        const [family, type, help, unit] = row.map(String)
        this.#metadata.note(family ?? '', type ?? '', help ?? '', unit ?? '')
      }
    } catch (error) {
      this.#logger.warn('metadata of received metrics cannot be read: senders will tell it again', {
        file: this.#file,
        error,
      })
    }
  }

  #save(): void {
    const { revision } = this.#metadata
    if (revision === this.#saved) return
    const families = [...this.#metadata.entries()].map(([family, { type, help, unit }]) => [family, type, help, unit]) // prettier-ignore
    try {
      mkdirSync(dirname(this.#file), { recursive: true })
      writeFileSync(`${this.#file}.tmp`, JSON.stringify({ version: 1, families }))
      renameSync(`${this.#file}.tmp`, this.#file)
      this.#saved = revision
    } catch (error) {
      this.#logger.warn('metadata of received metrics cannot be written', { file: this.#file, error })
    }
  }
}
