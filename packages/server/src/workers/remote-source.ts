import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { Labels, type Queryable } from '@promontory/model'
import { MergedQueryable, ReplicaQueryable } from '@promontory/remote'
import type { FromReader, ReadSettings, ToReader } from '../remote/read-hub.ts'
import { OlderLabels } from './older-labels.ts'

interface Asked {
  readonly resolve: (body: Buffer) => void
  readonly reject: (error: Error) => void
}

/** The worker's side of remote reads: questions go to the main thread, which has the connections. */
export class RemoteSource {
  readonly #local: Queryable
  readonly #port: MessagePort | undefined
  readonly #replicaLabels: readonly string[]
  readonly #asked = new Map<number, Asked>()
  #settings: ReadSettings = { sources: [], localStartMs: -Infinity, labels: undefined }
  #ids = 0

  constructor(local: Queryable, port: MessagePort | undefined, replicaLabels: readonly string[]) {
    this.#local = local
    this.#replicaLabels = replicaLabels
    this.#port = port
    port?.on('message', (message: ToReader) => this.#heard(message))
    port?.unref()
  }

  /** Answers are not those of the storage alone: they are not to be kept. */
  get isSpecial(): boolean {
    return this.isActive || this.#replicaLabels.length > 0
  }

  /** Other servers are asked. */
  get isActive(): boolean {
    this.#hear()
    return this.#settings.sources.length > 0
  }

  /** What queries ask: local data, with that of other servers where some are configured. */
  get queryable(): Queryable {
    const merged = this.#merged()
    return this.#replicaLabels.length === 0 ? merged : new ReplicaQueryable(merged, this.#replicaLabels)
  }

  /** What an engine behind knows of series and labels; undefined without one, or when local data goes back to `startMs`. */
  labelsBefore(startMs: number): OlderLabels | undefined {
    this.#hear()
    const { labels, localStartMs } = this.#settings
    if (labels === undefined || startMs >= localStartMs) return undefined
    return new OlderLabels({
      externalLabels: Labels.fromSorted(labels),
      beforeMs: localStartMs,
      ask: async (path, form) => (await this.#ask((id) => ({ id, path, form }))).toString('utf8'),
    })
  }

  #merged(): Queryable {
    if (!this.isActive) return this.#local
    const { sources, localStartMs } = this.#settings
    return new MergedQueryable(this.#local, {
      sources,
      localStartMs: () => localStartMs,
      read: (source, message) => this.#read(source, message),
    })
  }

  #read(source: number, message: Buffer): Promise<Buffer> {
    return this.#ask((id) => ({ id, source, message: new Uint8Array(message) }))
  }

  #ask(question: (id: number) => FromReader): Promise<Buffer> {
    const id = this.#ids++
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject })
      this.#port!.postMessage(question(id))
    })
  }

  /** Takes what has come already: a task comes by another port, and must not overtake the settings that were sent before it. */
  #hear(): void {
    if (this.#port === undefined) return
    for (
      let next = receiveMessageOnPort(this.#port);
      next !== undefined;
      next = receiveMessageOnPort(this.#port)
    )
      this.#heard((next as { message: ToReader }).message)
  }

  #heard(message: ToReader): void {
    if (message.type === 'settings') {
      this.#settings = message.settings
      return
    }
    const asked = this.#asked.get(message.id)
    this.#asked.delete(message.id)
    if (message.type === 'answer') asked?.resolve(Buffer.from(message.body.buffer))
    else asked?.reject(new Error(message.message))
  }
}
