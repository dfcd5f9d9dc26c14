import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { errorText, type Logger } from '@promontory/base'
import { formatFault } from '@promontory/base/yaml'
import type { DashboardStore } from '../dashboard-store.ts'
import { type DataSourceStore, OWN_ALERTMANAGER_UID, OWN_SOURCE_UID } from '../data-source-store.ts'
import type { FolderStore } from '../folder-store.ts'
import { defaultInputs, fillInputs } from '../import-inputs.ts'
import { textOf } from '../json.ts'
import { type FoundDashboard, scanProvider } from './dashboard-files.ts'
import { type DataSourceFile, readDataSourceFile } from './data-source-file.ts'
import { type DashboardProvider, readProviderFile } from './provider-file.ts'

export interface ProvisionerOptions {
  /** The folder with `datasources/` and `dashboards/`. */
  readonly directory: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly dashboards: DashboardStore
  readonly folders: FolderStore
  readonly dataSources: DataSourceStore
  readonly logger: Logger
}

/** Parts of Grafana's provisioning that are not read; files in them are named. */
const NOT_READ = ['alerting', 'plugins', 'notifiers', 'access-control']
const BY = 'provisioning'

/**
 * Brings the files of Grafana's provisioning into the stores and keeps looking at them. A fault in a file is reported with
 * its place and leaves what was there; nothing else is held up by it.
 */
export class Provisioner {
  readonly #options: ProvisionerOptions
  #providers: readonly DashboardProvider[] = []
  #timers: ReturnType<typeof setInterval>[] = []
  /** By what they concern: `datasources`, `dashboards`, `provider default`. */
  readonly #problems = new Map<string, readonly string[]>()
  /** File of each data source that one provides, by name. */
  #sourceFiles: ReadonlyMap<string, string> = new Map()
  #running: Promise<void> = Promise.resolve()

  constructor(options: ProvisionerOptions) {
    this.#options = options
    options.dashboards.setProviderRule(
      (name) => this.#providers.find((provider) => provider.name === name)?.allowUiUpdates ?? true,
    )
  }

  /** Faults of the files as they are now. */
  get problems(): readonly string[] {
    return [...this.#problems.values()].flat()
  }

  /** The file that provides a data source, from the folder of provisioning files on; undefined for one that none does. */
  fileOfSource(name: string): string | undefined {
    return this.#sourceFiles.get(name)
  }

  /** Reads everything once, then looks again at each provider's interval. */
  async start(): Promise<void> {
    for (const name of NOT_READ)
      if (filesIn(join(this.#options.directory, name), /\.ya?ml$/).length > 0)
        this.#options.logger.warn('provisioning files of this kind are not read yet', { folder: name })
    await this.reloadDataSources()
    await this.reloadDashboards()
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    await this.#running
  }

  /** Reads the files of data sources again. */
  async reloadDataSources(): Promise<void> {
    const { directory, environment } = this.#options
    const problems: string[] = []
    const files: DataSourceFile[] = []
    const sourceFiles = new Map<string, string>()
    for (const file of filesIn(join(directory, 'datasources'), /\.ya?ml$/))
      try {
        const { value, notices } = readDataSourceFile(readFileSync(file, 'utf8'), file, environment)
        for (const notice of notices) this.#options.logger.warn(formatFault(notice, notice.text))
        files.push(value)
        for (const { name } of value.dataSources) sourceFiles.set(name, relative(directory, file))
      } catch (error) {
        problems.push(errorText(error))
      }
    this.#sourceFiles = sourceFiles
    for (const file of files) await this.#applySources(file, problems)
    if (files.some((file) => file.prune)) await this.#prune(files)
    this.#report('datasources', problems)
  }

  async #applySources(file: DataSourceFile, problems: string[]): Promise<void> {
    const { dataSources } = this.#options
    for (const name of file.deleted) {
      const row = await dataSources.find('name', name)
      if (row !== undefined) await dataSources.delete(row, true)
    }
    for (const input of file.dataSources)
      try {
        const row =
          (await dataSources.find('name', input.name)) ?? (await dataSources.find('uid', input.uid!))
        if (row === undefined) await dataSources.create(input)
        else await dataSources.update(row, input, true)
      } catch (error) {
        problems.push(`data source ${input.name}: ${errorText(error)}`)
      }
  }

  async #prune(files: readonly DataSourceFile[]): Promise<void> {
    const { dataSources } = this.#options
    const named = new Set(files.flatMap((file) => file.dataSources.map(({ name }) => name)))
    for (const row of await dataSources.list()) {
      const isOurs = row.uid === OWN_SOURCE_UID || row.uid === OWN_ALERTMANAGER_UID
      if (row.read_only === 1 && !isOurs && !named.has(row.name)) await dataSources.delete(row, true)
    }
  }

  /** Reads the providers again and all their dashboards. */
  async reloadDashboards(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    this.#timers = []
    const problems: string[] = []
    this.#providers = this.#readProviders(problems)
    this.#report('dashboards', problems)
    for (const provider of this.#providers) {
      await this.#look(provider)
      this.#timers.push(setInterval(() => void this.#look(provider), provider.updateIntervalMs).unref())
    }
    // A provider whose file is broken is not gone: only then is what it provided let go.
    if (problems.length === 0) await this.#releaseOrphans()
  }

  #readProviders(problems: string[]): DashboardProvider[] {
    const { directory, environment, logger } = this.#options
    const folder = join(directory, 'dashboards')
    const files = filesIn(folder, /\.ya?ml$/)
    const providers: DashboardProvider[] = []
    for (const file of files)
      try {
        const { value, notices } = readProviderFile(readFileSync(file, 'utf8'), file, environment, directory)
        for (const notice of notices) logger.warn(formatFault(notice, notice.text))
        for (const provider of value)
          if (providers.some(({ name }) => name === provider.name))
            problems.push(`${file}: provider name "${provider.name}" is given in another file too`)
          else providers.push(provider)
      } catch (error) {
        problems.push(errorText(error))
      }
    // Dashboards beside no provider file: what else could they be there for?
    if (files.length === 0 && filesIn(folder, /\.json$/).length > 0)
      providers.push({
        name: 'default',
        folder: '',
        folderUid: '',
        disableDeletion: false,
        updateIntervalMs: 10_000,
        allowUiUpdates: false,
        path: folder,
        foldersFromFilesStructure: false,
      })
    return providers
  }

  /** One look at a time: two providers may share a folder in the pages. */
  #look(provider: DashboardProvider): Promise<void> {
    this.#running = this.#running.then(() =>
      this.#scan(provider).catch((error: unknown) =>
        this.#options.logger.error('dashboards could not be provisioned', { provider: provider.name, error }),
      ),
    )
    return this.#running
  }

  async #scan(provider: DashboardProvider): Promise<void> {
    const { dashboards } = this.#options
    const { found, files, problems: faults } = await scanProvider(provider)
    const problems = [...faults]
    const stored = (await dashboards.summaries()).filter((row) => row.provider === provider.name)
    const seen = new Map<string, string>()
    for (const dashboard of found) {
      const uid = textOf(dashboard.model, 'uid') || this.#uidOf(provider, dashboard, stored)
      const first = seen.get(uid)
      if (first !== undefined)
        problems.push(
          `${join(provider.path, dashboard.file)}: uid "${uid}" is that of ${join(provider.path, first)} too`,
        )
      else {
        seen.set(uid, dashboard.file)
        await this.#apply(provider, dashboard, uid).catch((error: unknown) =>
          problems.push(`${join(provider.path, dashboard.file)}: ${errorText(error)}`),
        )
      }
    }
    for (const row of stored) {
      if (files.has(row.provider_file) || seen.has(row.uid)) continue
      if (provider.disableDeletion || !existsSync(provider.path)) await dashboards.release(row.uid)
      else await dashboards.delete(row.uid, { evenProvided: true })
    }
    this.#report(`provider ${provider.name}`, problems)
  }

  async #apply(
    provider: DashboardProvider,
    { file, model, hash, folder }: FoundDashboard,
    uid: string,
  ): Promise<void> {
    const { dashboards, dataSources } = this.#options
    const row = await dashboards.find(uid)
    if (
      row !== undefined &&
      row.provider === provider.name &&
      row.provider_hash === hash &&
      row.provider_file === file
    )
      return
    if (
      row !== undefined &&
      row.provider !== '' &&
      row.provider !== provider.name &&
      this.#knows(row.provider)
    )
      throw new Error(`uid "${uid}" is provided by ${row.provider} too`)
    const source = await dataSources.default()
    await dashboards.save({
      model: { ...fillInputs(model, defaultInputs(model, source.uid)), uid },
      folderUid: await this.#folderUid(provider, folder),
      message: `Provisioned from ${file}`,
      overwrite: true,
      by: BY,
      provided: { provider: provider.name, file, hash },
    })
  }

  async #folderUid(provider: DashboardProvider, folder: string): Promise<string> {
    const title = folder === '' ? provider.folder : folder
    if (title === '') return ''
    const uid = folder === '' && provider.folderUid !== '' ? provider.folderUid : undefined
    return (await this.#options.folders.ensure(title, uid, '', BY)).uid
  }

  /** A file without uid keeps the one it got, and gets the same one on every instance. */
  #uidOf(
    provider: DashboardProvider,
    { file }: FoundDashboard,
    stored: readonly { readonly uid: string; readonly provider_file: string }[],
  ): string {
    const known = stored.find((row) => row.provider_file === file)
    return known?.uid ?? createHash('sha256').update(`${provider.name}\0${file}`).digest('hex').slice(0, 14)
  }

  #knows(provider: string): boolean {
    return this.#providers.some(({ name }) => name === provider)
  }

  async #releaseOrphans(): Promise<void> {
    for (const row of await this.#options.dashboards.summaries())
      // A name with a colon is not a file's: somebody else provides these.
      if (row.provider !== '' && !row.provider.includes(':') && !this.#knows(row.provider))
        await this.#options.dashboards.release(row.uid)
  }

  /** Says each fault once, not at every look. */
  #report(about: string, problems: readonly string[]): void {
    const before = this.#problems.get(about) ?? []
    for (const problem of problems)
      if (!before.includes(problem)) this.#options.logger.error('provisioning', { about, problem })
    this.#problems.set(about, problems)
  }
}

function filesIn(folder: string, pattern: RegExp): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => pattern.test(name) && !name.startsWith('.'))
    .sort()
    .map((name) => join(folder, name))
}
