import { watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Timer } from '@promontory/base'
import { errorText } from '@promontory/base'
import { decodeYaml } from '@promontory/base/yaml'
import type { FileSdConfig } from './config.ts'
import type { Discoverer, DiscoveryEnvironment, GroupSink } from './refresh.ts'
import { groupsFromJson, staticGroups, targetGroup } from './target-group.ts'
import type { StaticGroup, TargetGroup } from './target-group.ts'

/** A file that is being written changes several times: it is read once it rests. */
const SETTLE_MS = 100

/**
 * `file_sd_configs`: JSON or YAML files, watched, and read again at the refresh interval in case a watch fails (network
 * file systems). A broken file keeps its last good groups; a vanished one takes them away.
 */
export class FileDiscoverer implements Discoverer {
  readonly #config: FileSdConfig
  readonly #environment: DiscoveryEnvironment
  /** Number of groups per file, as last sent. */
  readonly #sent = new Map<string, number>()
  #watchers: FSWatcher[] = []
  #timer: Timer | undefined
  #settling: Timer | undefined
  #stopped = true
  #scan: Promise<void> = Promise.resolve()

  constructor(config: FileSdConfig, environment: DiscoveryEnvironment) {
    this.#config = config
    this.#environment = environment
  }

  start(sink: GroupSink): void {
    this.#stopped = false
    for (const folder of new Set(this.#config.files.map((pattern) => dirname(pattern))))
      this.#watch(folder, sink)
    this.#refresh(sink)
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
    this.#settling?.cancel()
    this.#watchers.forEach((watcher) => watcher.close())
    this.#watchers = []
  }

  #watch(folder: string, sink: GroupSink): void {
    const { metrics, logger, clock } = this.#environment
    const failed = (error: unknown): void => {
      metrics.fileWatcherErrors.inc()
      logger.warn('Watching failed, files are read at the refresh interval only', {
        path: folder,
        err: errorText(error),
      })
    }
    try {
      const watcher = watch(folder, { persistent: false }, () => {
        this.#settling?.cancel()
        this.#settling = clock.setTimer(SETTLE_MS, () => this.#refresh(sink))
      })
      watcher.on('error', failed)
      this.#watchers.push(watcher)
    } catch (error) {
      failed(error)
    }
  }

  /** Scans one after another, and sets the timer anew. */
  #refresh(sink: GroupSink): void {
    this.#timer?.cancel()
    this.#scan = this.#scan.then(async () => {
      if (this.#stopped) return
      const { clock, metrics } = this.#environment
      const startMs = clock.monotonicMs()
      const groups = await this.#readAll()
      metrics.fileScanDuration.observe((clock.monotonicMs() - startMs) / 1000)
      if (this.#stopped) return
      sink(groups)
      this.#timer?.cancel()
      this.#timer = clock.setTimer(this.#config.refresh_interval, () => this.#refresh(sink))
    })
  }

  async #readAll(): Promise<TargetGroup[]> {
    const { logger, metrics } = this.#environment
    const files = (await Promise.all(this.#config.files.map(matchingFiles))).flat()
    const groups: TargetGroup[] = []
    for (const file of new Set(files)) {
      try {
        const read = await readGroups(file)
        metrics.fileMtime.set((await stat(file)).mtimeMs / 1000, file)
        groups.push(...read.map((group, i) => targetGroup(`${file}:${i}`, group, { __meta_filepath: file })))
        this.#forget(file, read.length, groups)
      } catch (error) {
        metrics.fileReadErrors.inc()
        logger.error('Error reading file, its last targets are kept', { path: file, err: errorText(error) })
      }
    }
    for (const file of this.#sent.keys())
      if (!files.includes(file)) {
        this.#forget(file, 0, groups)
        this.#sent.delete(file)
        metrics.fileMtime.remove(file)
      }
    return groups
  }

  /** Adds empty groups for those that the file had and has no longer. */
  #forget(file: string, count: number, groups: TargetGroup[]): void {
    for (let i = count; i < (this.#sent.get(file) ?? 0); i++)
      groups.push({ source: `${file}:${i}`, targets: [], labels: {} })
    this.#sent.set(file, count)
  }
}

/** Files of a pattern whose last part may hold `*` and `?`; none when the folder does not exist. */
async function matchingFiles(pattern: string): Promise<string[]> {
  const name = basename(pattern)
  if (!/[*?]/.test(name)) return (await stat(pattern).catch(() => undefined)) === undefined ? [] : [pattern]
  const escaped = name.replace(/[.+^${}()|[\]\\]/g, '\\$&')
  const wanted = new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`)
  const folder = dirname(pattern)
  const names = await readdir(folder).catch(() => [])
  return names
    .filter((candidate) => wanted.test(candidate))
    .sort()
    .map((candidate) => join(folder, candidate))
}

/**
 * Reads what a pattern of `file_sd_configs` means now. @returns each file with what is wrong with it; none when there is no such file
 */
export async function readTargetFiles(
  pattern: string,
): Promise<{ file: string; fault: string | undefined }[]> {
  const files = await matchingFiles(pattern)
  return Promise.all(
    files.map(async (file) => ({
      file,
      fault: await readGroups(file).then(
        () => undefined,
        (error: unknown) => errorText(error),
      ),
    })),
  )
}

async function readGroups(file: string): Promise<readonly StaticGroup[]> {
  const text = await readFile(file, 'utf8')
  if (/\.json$/i.test(file)) return groupsFromJson(text)
  return decodeYaml(text, { file }, staticGroups).value
}
