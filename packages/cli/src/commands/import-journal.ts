import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What makes two imports one: the same samples come from them. */
export interface ImportJob {
  readonly source: string
  readonly match: string
  readonly dropped: readonly string[]
}

interface Noted {
  startMs: number
  /** Inclusive. */
  endMs: number
}

/** Which time of an import is done, in a file of the directory that it goes to: an import that was stopped goes on there. */
export class ImportJournal {
  readonly #file: string
  readonly #job: ImportJob
  #done: Noted[]

  constructor(directory: string, job: ImportJob) {
    this.#job = job
    const name = createHash('sha256').update(JSON.stringify(job)).digest('hex').slice(0, 16)
    mkdirSync(join(directory, 'promontory'), { recursive: true })
    this.#file = join(directory, 'promontory', `import-${name}.json`)
    this.#done = read(this.#file)
  }

  /** Whether everything from `startMs` to `endMs`, both included, is done. */
  covers(startMs: number, endMs: number): boolean {
    return this.#done.some((range) => range.startMs <= startMs && endMs <= range.endMs)
  }

  note(startMs: number, endMs: number): void {
    const last = this.#done.find((range) => range.endMs === startMs - 1)
    if (last === undefined) this.#done.push({ startMs, endMs })
    else last.endMs = endMs
    const temporary = `${this.#file}.tmp`
    writeFileSync(temporary, `${JSON.stringify({ ...this.#job, done: this.#done })}\n`, { flush: true })
    renameSync(temporary, this.#file)
  }

  clear(): void {
    this.#done = []
    rmSync(this.#file, { force: true })
  }
}

/** What cannot be read counts as nothing done: an import twice is no harm, one that leaves out is. */
function read(file: string): Noted[] {
  try {
    const { done } = JSON.parse(readFileSync(file, 'utf8')) as { done?: unknown }
    if (!Array.isArray(done)) return []
    return (done as Noted[]).filter(
      ({ startMs, endMs }) => Number.isFinite(startMs) && Number.isFinite(endMs),
    )
  } catch {
    return []
  }
}
