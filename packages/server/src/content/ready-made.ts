import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Logger } from '@promontory/base'
import type { DashboardStore, FolderStore, JsonObject } from '@promontory/dashboards'
import { dashboardForMetrics } from './fitting.ts'

export interface ReadyMadeOptions {
  readonly dashboards: DashboardStore
  readonly folders: FolderStore
  /** Names of all metrics that were seen lately. */
  readonly metricNames: () => Promise<ReadonlySet<string>>
  readonly logger: Logger
}

/** What the store knows these dashboards by; no provider of a user may be called so. */
export const READY_MADE_PROVIDER = 'promontory:ready-made'
const FOLDER = 'Ready-made'
/** The first metrics arrive with the first scrapes. */
const FIRST_LOOK_MS = 3_000
const LOOK_MS = 15_000

/** Provides the ready-made dashboards as soon as what they show is there, and only the panels that have something to show. */
export class ReadyMade {
  readonly #options: ReadyMadeOptions
  readonly #files: ReadonlyMap<string, JsonObject> = readFiles()
  #timer: ReturnType<typeof setTimeout> | undefined
  #running: Promise<void> = Promise.resolve()
  #seen = ''

  constructor(options: ReadyMadeOptions) {
    this.#options = options
  }

  start(): void {
    if (this.#files.size > 0) this.#wait(FIRST_LOOK_MS)
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    await this.#running
  }

  #wait(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#running = this.look().catch((error: unknown) => {
        this.#options.logger.warn('ready-made dashboards could not be provided', { error })
      })
      void this.#running.then(() => {
        if (this.#timer !== undefined) this.#wait(LOOK_MS)
      })
    }, delayMs)
    this.#timer.unref()
  }

  /** Looks once which metrics are there. */
  async look(): Promise<void> {
    const names = await this.#options.metricNames()
    const fingerprint = [...names].sort().join(' ')
    if (fingerprint === this.#seen) return
    for (const [file, model] of this.#files) {
      const fitting = dashboardForMetrics(model, names)
      if (fitting !== undefined) await this.#provide(file, fitting)
    }
    this.#seen = fingerprint
  }

  async #provide(file: string, model: JsonObject): Promise<void> {
    const { dashboards, folders, logger } = this.#options
    const uid = String(model['uid'])
    const hash = createHash('sha256').update(JSON.stringify(model)).digest('hex')
    const row = await dashboards.find(uid)
    // Somebody has a dashboard of that name, or has changed ours and owns it now.
    if (row !== undefined && (row.provider !== READY_MADE_PROVIDER || row.provider_hash === hash)) return
    const folder = await folders.ensure(FOLDER, 'ready-made', '', READY_MADE_PROVIDER)
    await dashboards.save({
      model,
      folderUid: folder.uid,
      message: 'Ready-made',
      overwrite: true,
      by: READY_MADE_PROVIDER,
      provided: { provider: READY_MADE_PROVIDER, file, hash },
    })
    logger.info('ready-made dashboard', { uid, panels: (model['panels'] as unknown[]).length })
  }
}

/** Beside the packages when run from sources and from the bundle alike. */
function readFiles(): ReadonlyMap<string, JsonObject> {
  const folder = ['../content/dashboards/', '../../../../content/dashboards/']
    .map((place) => fileURLToPath(new URL(place, import.meta.url)))
    .find((place) => existsSync(place))
  if (folder === undefined) return new Map()
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
  return new Map(
    files.sort().map((name) => [name, JSON.parse(readFileSync(join(folder, name), 'utf8')) as JsonObject]),
  )
}
