import { errorText } from '@promontory/base'
import type { Clock, Logger, Timer } from '@promontory/base'
import { objectOf, stringOf } from '../json.ts'
import type { JsonObject } from '../json.ts'
import { ApiStatusError } from './api-client.ts'
import type { ApiClient, ObjectList, Selection, WatchEvent } from './api-client.ts'
import { objectKey } from './meta-labels.ts'
import type { KubernetesObject } from './objects.ts'
import type { Resource } from './resources.ts'
import { resourcePath } from './resources.ts'

/** Waits between tries: twice as long each time, with a share of chance so that not all come back at once. */
const BACKOFF_FIRST_MS = 800
const BACKOFF_LAST_MS = 30_000
/** A watch lives between this and twice this, then is asked for anew. */
const WATCH_SECONDS = 300
/** A server that ends its watches later than asked is taken for gone. */
const WATCH_GRACE_MS = 30_000

export type ObjectChange = 'add' | 'update' | 'delete'

export interface InformerOptions {
  readonly client: ApiClient
  readonly resource: Resource
  /** `''` is all. */
  readonly namespace: string
  readonly selection: Selection
  /** Takes the objects; other informers may fill it with those of other namespaces. */
  readonly store: Map<string, KubernetesObject>
  readonly clock: Clock
  readonly logger: Logger
  readonly onChange: (key: string, change: ObjectChange) => void
  /** Once, when the first list is in the store. */
  readonly onSynced: () => void
  /** A LIST or WATCH failed. */
  readonly onFailure: () => void
}

/**
 * Keeps a store equal to what the API server has: lists, then watches from the list's version, bookmarks moving it on.
 * A version that is too old (410) means to list again; any other failure to try again, after a while.
 */
export class Informer {
  readonly #options: InformerOptions
  readonly #path: string
  readonly #keys = new Set<string>()
  readonly #abort = new AbortController()
  #version = ''
  #isSynced = false
  #backoffMs = BACKOFF_FIRST_MS
  #timer: Timer | undefined

  constructor(options: InformerOptions) {
    this.#options = options
    this.#path = resourcePath(options.resource, options.namespace)
  }

  start(): void {
    void this.#run()
  }

  stop(): void {
    this.#abort.abort()
    this.#timer?.cancel()
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort
    while (!signal.aborted) {
      try {
        if (this.#version === '') await this.#list()
        const hasMoved = await this.#watch()
        if (!hasMoved) await this.#pause(this.#nextBackoff())
      } catch (error) {
        if (signal.aborted) return
        await this.#recover(error)
      }
    }
  }

  async #list(): Promise<void> {
    const { client, selection, onSynced } = this.#options
    const list = await client.list(this.#path, selection, this.#abort.signal)
    this.#replace(list)
    this.#version = list.resourceVersion
    this.#backoffMs = BACKOFF_FIRST_MS
    if (this.#isSynced) return
    this.#isSynced = true
    onSynced()
  }

  #replace({ items }: ObjectList): void {
    const gone = new Set(this.#keys)
    for (const item of items) gone.delete(this.#put(item))
    for (const key of gone) this.#remove(key)
  }

  /** @returns whether anything came: a watch that ends at once and says nothing is no progress */
  async #watch(): Promise<boolean> {
    const { client, selection } = this.#options
    const seconds = Math.round(WATCH_SECONDS * (1 + Math.random()))
    const deadline = AbortSignal.timeout(seconds * 1000 + WATCH_GRACE_MS)
    const signal = AbortSignal.any([this.#abort.signal, deadline])
    const startMs = this.#options.clock.monotonicMs()
    let isEmpty = true
    for await (const event of client.watch(this.#path, selection, this.#version, seconds, signal)) {
      isEmpty = false
      this.#backoffMs = BACKOFF_FIRST_MS
      this.#apply(event)
    }
    return !isEmpty || this.#options.clock.monotonicMs() - startMs > 1000
  }

  #apply({ type, object }: WatchEvent): void {
    if (type === 'ERROR') throw statusOf(object)
    if (type === 'DELETED') this.#remove(this.#keyOf(this.#options.resource.read(object)))
    else if (type === 'ADDED' || type === 'MODIFIED') this.#put(object)
    else if (type !== 'BOOKMARK')
      throw new Error(`unknown event "${type}", expected ADDED, MODIFIED, DELETED, BOOKMARK or ERROR`)
    const version = stringOf(objectOf(object['metadata'])['resourceVersion'])
    if (version !== '') this.#version = version
  }

  async #recover(error: unknown): Promise<void> {
    const { logger, onFailure } = this.#options
    const isExpired = error instanceof ApiStatusError && error.code === 410
    if (isExpired) {
      this.#version = ''
      logger.debug('The watch has fallen behind, listing again', { path: this.#path })
    } else {
      onFailure()
      logger.warn('Listing or watching failed', { path: this.#path, err: errorText(error) })
    }
    const asked = error instanceof ApiStatusError ? error.retryAfterMs : undefined
    await this.#pause(asked ?? this.#nextBackoff())
  }

  #nextBackoff(): number {
    const backoff = this.#backoffMs
    this.#backoffMs = Math.min(2 * backoff, BACKOFF_LAST_MS)
    return backoff * (0.5 + Math.random() / 2)
  }

  #pause(delayMs: number): Promise<void> {
    const { signal } = this.#abort
    if (signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true })
      this.#timer = this.#options.clock.setTimer(Math.min(delayMs, BACKOFF_LAST_MS), resolve)
    })
  }

  #put(json: JsonObject): string {
    const { resource, store, onChange } = this.#options
    const object = resource.read(json)
    const key = this.#keyOf(object)
    const isKnown = store.has(key)
    store.set(key, object)
    this.#keys.add(key)
    onChange(key, isKnown ? 'update' : 'add')
    return key
  }

  #remove(key: string): void {
    this.#keys.delete(key)
    if (this.#options.store.delete(key)) this.#options.onChange(key, 'delete')
  }

  #keyOf(object: KubernetesObject): string {
    return objectKey(object.meta)
  }
}

/** What an ERROR event carries. */
function statusOf(status: JsonObject): ApiStatusError {
  const code = typeof status['code'] === 'number' ? status['code'] : 500
  return new ApiStatusError(code, stringOf(status['message']) || `watch failed with code ${code}`)
}
