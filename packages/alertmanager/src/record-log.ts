import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { appendFile, open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Logger } from '@promontory/base'

/** Where records outlive the process. Later records of the same id replace earlier ones; that is for the reader to do. */
export interface RecordLog<T> {
  /** All records in the order in which they were written. */
  load(): readonly T[]
  /** Adds one record; on return it survives the death of the process. Rejects when it cannot be written. */
  append(record: T): Promise<void>
  /** Replaces everything by these records, in one step. */
  rewrite(records: readonly T[]): Promise<void>
}

/** Keeps nothing. */
export class MemoryRecordLog<T> implements RecordLog<T> {
  load(): readonly T[] {
    return []
  }
  async append(): Promise<void> {}
  async rewrite(): Promise<void> {}
}

/** One JSON document per line; records that come while the disk is busy share the next write. A line torn by a crash is left out with a log line. */
export class JsonLinesLog<T> implements RecordLog<T> {
  readonly #file: string
  readonly #logger: Logger
  #queue: Promise<void> = Promise.resolve()
  #isTorn = false
  /** Lines of the next write, and who waits for it. */
  #next: { text: string; readonly written: Promise<void> } | undefined

  constructor(file: string, logger: Logger) {
    this.#file = file
    this.#logger = logger
    mkdirSync(dirname(file), { recursive: true })
  }

  load(): readonly T[] {
    if (!existsSync(this.#file)) return []
    const records: T[] = []
    const text = readFileSync(this.#file, 'utf8')
    // The next record must not go on in a line that a crash tore.
    if (text !== '' && !text.endsWith('\n')) appendFileSync(this.#file, '\n')
    const lines = text.split('\n')
    lines.forEach((line, i) => {
      if (line === '') return
      try {
        records.push(JSON.parse(line) as T)
      } catch (error) {
        this.#logger.warn('Record that cannot be read is left out', {
          file: this.#file,
          line: i + 1,
          err: error,
        })
      }
    })
    return records
  }

  append(record: T): Promise<void> {
    const line = `${JSON.stringify(record)}\n`
    if (this.#next !== undefined) {
      this.#next.text += line
      return this.#next.written
    }
    const next: { text: string; written: Promise<void> } = { text: line, written: Promise.resolve() }
    next.written = this.#enqueue(() => {
      if (this.#next === next) this.#next = undefined
      return this.#write(next.text)
    })
    this.#next = next
    return next.written
  }

  async #write(text: string): Promise<void> {
    // A disk that ran full may have taken a part: what follows begins on a line of its own.
    const start = this.#isTorn ? '\n' : ''
    this.#isTorn = true
    await appendFile(this.#file, start + text)
    this.#isTorn = false
  }

  rewrite(records: readonly T[]): Promise<void> {
    // What is appended from now on comes after it.
    this.#next = undefined
    return this.#enqueue(async () => {
      const draft = `${this.#file}.tmp`
      const handle = await open(draft, 'w')
      try {
        await handle.writeFile(records.map((record) => `${JSON.stringify(record)}\n`).join(''))
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(draft, this.#file)
      this.#isTorn = false
    })
  }

  #enqueue(write: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(write)
    this.#queue = done.catch(() => {})
    return done
  }
}
