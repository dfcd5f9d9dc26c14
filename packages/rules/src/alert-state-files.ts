import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from '@promontory/base'
import type { AlertStateStore, SavedGroup } from './alert-state.ts'

interface Document {
  readonly version: 1
  readonly group: string
  readonly state: SavedGroup
}

/** Alert state as one JSON file per group, each replaced in one step: a crash leaves the old or the new one. */
export class AlertStateFiles implements AlertStateStore {
  readonly #folder: string
  readonly #logger: Logger
  readonly #last = new Map<string, string>()
  readonly #busy = new Map<string, Promise<void>>()

  constructor(folder: string, logger: Logger) {
    this.#folder = folder
    this.#logger = logger
    mkdirSync(folder, { recursive: true })
  }

  /** Files that cannot be read are named in the log and left out: evaluation starts afresh for their groups. */
  load(): ReadonlyMap<string, SavedGroup> {
    const groups = new Map<string, SavedGroup>()
    for (const name of readdirSync(this.#folder).filter((file) => file.endsWith('.json'))) {
      const file = join(this.#folder, name)
      try {
        const document = JSON.parse(readFileSync(file, 'utf8')) as Document
        if (
          document.version !== 1 ||
          typeof document.group !== 'string' ||
          document.state.rules === undefined
        )
          throw new Error('not an alert state of version 1')
        groups.set(document.group, document.state)
      } catch (error) {
        this.#logger.error('Alert state file cannot be read, its alerts start afresh', { file, err: error })
      }
    }
    return groups
  }

  async save(groupKey: string, state: SavedGroup | undefined): Promise<void> {
    const content =
      state === undefined ? '' : JSON.stringify({ version: 1, group: groupKey, state } satisfies Document)
    const stable = state === undefined ? '' : JSON.stringify(state.rules)
    if (this.#last.get(groupKey) === stable) return
    const previous = this.#busy.get(groupKey) ?? Promise.resolve()
    const write = previous.catch(() => {}).then(() => this.#write(groupKey, content))
    this.#busy.set(groupKey, write)
    await write
    this.#last.set(groupKey, stable)
    if (this.#busy.get(groupKey) === write) this.#busy.delete(groupKey)
  }

  async #write(groupKey: string, content: string): Promise<void> {
    const file = join(
      this.#folder,
      `${createHash('sha256').update(groupKey).digest('hex').slice(0, 32)}.json`,
    )
    if (content === '') {
      await rm(file, { force: true })
      return
    }
    const draft = `${file}.tmp`
    const handle = await open(draft, 'w')
    try {
      await handle.writeFile(content)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(draft, file)
  }
}
