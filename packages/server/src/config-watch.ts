import { createHash } from 'node:crypto'
import { glob, readFile } from 'node:fs/promises'
import type { Logger } from '@promontory/base'

/** Prometheus does not look more often either. */
const LEAST_INTERVAL_MS = 1000

export interface ConfigWatchOptions {
  readonly logger: Logger
  readonly intervalMs: number
  /** Files and glob patterns that the configuration on the disk names now; undefined when it cannot be read. */
  readonly patterns: () => Promise<readonly string[] | undefined>
  readonly reload: () => Promise<unknown>
}

/** Reloads when what the configuration's files hold has changed: contents count, not times. */
export class ConfigWatch {
  readonly #options: ConfigWatchOptions
  #patterns: readonly string[] = []
  #checksum = ''
  #timer: ReturnType<typeof setTimeout> | undefined
  #stopped = false

  constructor(options: ConfigWatchOptions) {
    this.#options = options
  }

  /** Notes what is in use; changes from here on count. */
  async start(): Promise<void> {
    await this.#note()
    this.#wait()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  /** Looks once. @returns whether something had changed */
  async look(): Promise<boolean> {
    const { logger, reload } = this.#options
    if ((await checksumOf(this.#patterns)) === this.#checksum) return false
    logger.info('Configuration file change detected, reloading the configuration.')
    // Noted before the files are read again: what changes meanwhile is seen at the next look.
    await this.#note()
    await reload()
    return true
  }

  #wait(): void {
    if (this.#stopped) return
    this.#timer = setTimeout(() => {
      void this.look()
        .catch((error: unknown) => this.#options.logger.warn('cannot look for changed files', { error }))
        .then(() => this.#wait())
    }, Math.max(LEAST_INTERVAL_MS, this.#options.intervalMs)) // prettier-ignore
    this.#timer.unref()
  }

  /** A file that cannot be read may name others; those known so far count until it can. */
  async #note(): Promise<void> {
    this.#patterns = (await this.#options.patterns()) ?? this.#patterns
    this.#checksum = await checksumOf(this.#patterns)
  }
}

/** Over names and contents of all files that the patterns mean; one that is missing counts as such. */
async function checksumOf(patterns: readonly string[]): Promise<string> {
  const names = new Set<string>()
  for (const pattern of patterns) {
    names.add(pattern)
    for await (const name of glob(pattern)) names.add(name)
  }
  const hash = createHash('sha256')
  for (const name of [...names].sort()) {
    const content = await readFile(name).catch(() => undefined)
    hash.update(`${name}\0${content === undefined ? 'missing' : content.length}\0`).update(content ?? '')
  }
  return hash.digest('hex')
}
