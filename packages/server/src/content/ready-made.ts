import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from '@promontory/base'
import type { DashboardStore, FolderStore, JsonObject } from '@promontory/dashboards'
import { contentFolder } from './content-folder.ts'
import { dashboardForMetrics } from './fitting.ts'
import type { ReadyMadeRules } from './ready-made-rules.ts'

export interface ReadyMadeOptions {
  /** `--content.dashboards` */
  readonly providesDashboards: boolean
  readonly rules: ReadyMadeRules
  /** Loads the rules again, after {@link ReadyMadeRules.see} has seen something new. */
  readonly reloadRules: () => Promise<void>
  readonly dashboards: DashboardStore
  readonly folders: FolderStore
  /** Series that are alive. */
  readonly seriesCount: () => number
  /** File with the names of metrics that rules were loaded for. */
  readonly memory: string
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
/** So many times it looks at the pace of the first: somebody who has just started waits for the dashboards. */
const QUICK_LOOKS = 20

/** Provides the ready-made dashboards and rules as soon as what they are about is there, and only the panels that have something to show. */
export class ReadyMade {
  readonly #options: ReadyMadeOptions
  readonly #files: ReadonlyMap<string, JsonObject>
  #timer: ReturnType<typeof setTimeout> | undefined
  #running: Promise<void> = Promise.resolve()
  #seen = ''
  #looks = 0

  constructor(options: ReadyMadeOptions) {
    this.#options = options
    this.#files = options.providesDashboards ? readFiles() : new Map()
  }

  /** Before the rules run for the first time: those of metrics that were there before a restart keep the state of their alerts. */
  recall(): void {
    const { rules, memory, logger } = this.#options
    if (!rules.isUsed || !existsSync(memory)) return
    try {
      rules.see(new Set(JSON.parse(readFileSync(memory, 'utf8')) as string[]))
    } catch (error) {
      logger.warn('ready-made rules will be provided when their metrics are seen again', { error })
    }
  }

  start(): void {
    if (this.#files.size > 0 || this.#options.rules.isUsed) this.#wait(FIRST_LOOK_MS)
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    await this.#running
  }

  #wait(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#running = this.look().catch((error: unknown) => {
        this.#options.logger.warn('ready-made dashboards and rules could not be provided', { error })
      })
      void this.#running.then(() => {
        if (this.#timer !== undefined) this.#wait(this.#looks++ < QUICK_LOOKS ? FIRST_LOOK_MS : LOOK_MS)
      })
    }, delayMs)
    this.#timer.unref()
  }

  /** Looks once which metrics are there. */
  async look(): Promise<void> {
    const names = await this.#options.metricNames()
    const fingerprint = [...names].sort().join(' ')
    if (fingerprint === this.#seen) return
    const { rules, reloadRules } = this.#options
    if (rules.mayBeAdded(this.#options.seriesCount()) && rules.see(rules.relevant(names))) {
      await reloadRules()
      this.#remember(rules.relevant(names))
    }
    for (const [file, model] of this.#files) {
      const fitting = dashboardForMetrics(model, names)
      if (fitting !== undefined) await this.#provide(file, fitting)
    }
    this.#seen = fingerprint
  }

  #remember(names: ReadonlySet<string>): void {
    const { memory, logger } = this.#options
    try {
      writeFileSync(`${memory}.tmp`, JSON.stringify([...names].sort()))
      renameSync(`${memory}.tmp`, memory)
    } catch (error) {
      logger.warn('the metrics of ready-made rules cannot be remembered', { error })
    }
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

function readFiles(): ReadonlyMap<string, JsonObject> {
  const folder = contentFolder('dashboards')
  if (folder === undefined) return new Map()
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
  return new Map(
    files.sort().map((name) => [name, JSON.parse(readFileSync(join(folder, name), 'utf8')) as JsonObject]),
  )
}
