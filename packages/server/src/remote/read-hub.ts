import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { errorText } from '@promontory/base'
import type { Labels } from '@promontory/model'
import { EngineClient, LabelsClient, ReadClient, type ReadSource } from '@promontory/remote'
import type { Tsdb } from '@promontory/tsdb'
import type { RemoteReadConfig } from '../config/remote-config.ts'
import type { StorageRemote } from '../config/storage-remote.ts'
import { VERSION } from '../version.ts'

/** What query workers know of other servers. */
export interface ReadSettings {
  readonly sources: readonly ReadSource[]
  readonly localStartMs: number
  /** External labels of the engine that can be asked for labels, `[name, value, …]`; undefined without one. */
  readonly labels: readonly string[] | undefined
}

export type ToReader =
  | { readonly type: 'settings'; readonly settings: ReadSettings }
  | { readonly type: 'answer'; readonly id: number; readonly body: Uint8Array }
  | { readonly type: 'failure'; readonly id: number; readonly message: string }

export type FromReader =
  | { readonly id: number; readonly source: number; readonly message: Uint8Array }
  /** A question to the engine's HTTP API: see {@link LabelsClient.ask}. */
  | { readonly id: number; readonly path: string; readonly form: string }

/** How often workers hear how far local data goes back. */
const LOCAL_START_MS = 10_000

/** Asks other servers for the query workers, which have no sockets: each worker has a port to here. */
export class ReadHub {
  readonly #storage: Tsdb
  readonly #ports = new Set<MessagePort>()
  #clients: (ReadClient | EngineClient)[] = []
  #labels: LabelsClient | undefined
  #settings: ReadSettings = { sources: [], localStartMs: -Infinity, labels: undefined }
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(storage: Tsdb) {
    this.#storage = storage
  }

  /** A port for a worker that starts: what it needs first is on the way already. */
  connect(): MessagePort {
    const { port1, port2 } = new MessageChannel()
    port1.on('message', (question: FromReader) => void this.#answer(port1, question))
    port1.on('close', () => this.#ports.delete(port1))
    port1.unref()
    this.#ports.add(port1)
    port1.postMessage({ type: 'settings', settings: this.#settings } satisfies ToReader)
    return port2
  }

  /** Whether no other server is asked for anything. */
  get isIdle(): boolean {
    return this.#settings.sources.length === 0 && this.#settings.labels === undefined
  }

  /** @param engine what `--storage.remote` names: asked as well, by its own API where it has no remote read */
  apply(configs: readonly RemoteReadConfig[], externalLabels: Labels, engine?: StorageRemote): void {
    this.#closeClients()
    const userAgent = `Promontory/${VERSION}`
    const all = engine === undefined ? configs : [...configs, engine.read]
    this.#clients = all.map((config) =>
      config === engine?.read && engine.readBy !== undefined
        ? new EngineClient(config, engine.readBy, userAgent)
        : new ReadClient(config, userAgent),
    )
    const sources = all.map((config, i) => ({
      name: config.name || String(i),
      readRecent: config.read_recent,
      requiredMatchers: config.required_matchers,
      externalLabels: config.filter_external_labels ? externalLabels.pairs : [],
    }))
    if (engine !== undefined)
      this.#labels = new LabelsClient({ ...engine.read, url: engine.labelsUrl }, userAgent)
    const labels = engine === undefined ? undefined : externalLabels.pairs
    this.#tell({ sources, localStartMs: this.#localStartMs(), labels })
    clearInterval(this.#timer)
    if (sources.length === 0) return
    this.#timer = setInterval(() => {
      const localStartMs = this.#localStartMs()
      if (localStartMs !== this.#settings.localStartMs) this.#tell({ ...this.#settings, localStartMs })
    }, LOCAL_START_MS)
    this.#timer.unref()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#closeClients()
    for (const port of this.#ports) port.close()
  }

  #closeClients(): void {
    for (const client of this.#clients) client.close()
    this.#labels?.close()
    this.#labels = undefined
  }

  #tell(settings: ReadSettings): void {
    this.#settings = settings
    for (const port of this.#ports) port.postMessage({ type: 'settings', settings } satisfies ToReader)
  }

  async #answer(port: MessagePort, question: FromReader): Promise<void> {
    const { id } = question
    try {
      const body = new Uint8Array(await this.#ask(question))
      port.postMessage({ type: 'answer', id, body } satisfies ToReader, [body.buffer])
    } catch (error) {
      port.postMessage({ type: 'failure', id, message: errorText(error) } satisfies ToReader)
    }
  }

  async #ask(question: FromReader): Promise<Uint8Array> {
    const client = 'path' in question ? this.#labels : this.#clients[question.source]
    if (client === undefined) throw new Error('the configuration has changed')
    if ('path' in question) return (client as LabelsClient).ask(question.path, question.form)
    return (client as ReadClient).read(question.message)
  }

  /** The oldest sample, or aggregate of samples, that is here. */
  #localStartMs(): number {
    const { head, maintenance } = this.#storage
    const starts = maintenance.allBlocks.map(({ meta }) => meta.minTime)
    if (head.maxTimeMs >= head.minTimeMs) starts.push(head.minTimeMs)
    return starts.length === 0 ? Infinity : Math.min(...starts)
  }
}
