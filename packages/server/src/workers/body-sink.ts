import type { BodyEncoding } from './protocol.ts'
import { concatenate } from './body-segments.ts'

/** Gets the body of an answer while it is being written. */
export interface BodySink {
  /**
   * Takes the next piece.
   * @param release  to be called once the bytes are no longer needed
   */
  piece(
    bytes: Uint8Array,
    how: { readonly isLast: boolean; readonly encoding: BodyEncoding | undefined },
    release: () => void,
  ): void
}

/** A body that is wanted as a whole. */
export class GatheredBody implements BodySink {
  readonly #parts: Uint8Array<ArrayBuffer>[] = []

  piece(bytes: Uint8Array, _how: unknown, release: () => void): void {
    this.#parts.push(new Uint8Array(bytes))
    release()
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#parts.length === 1 ? this.#parts[0]! : concatenate(this.#parts)
  }
}

/** One body for several. */
export class FanOut implements BodySink {
  readonly #sinks = new Set<BodySink>()
  readonly #onBegin: () => void
  #begun = false

  /** @param onBegin  called before the first piece: from then on it is too late to come in */
  constructor(onBegin: () => void) {
    this.#onBegin = onBegin
  }

  add(sink: BodySink): void {
    if (this.#begun) throw new Error('BUG: the body has begun without this sink')
    this.#sinks.add(sink)
  }

  delete(sink: BodySink): void {
    this.#sinks.delete(sink)
  }

  piece(bytes: Uint8Array, how: Parameters<BodySink['piece']>[1], release: () => void): void {
    if (!this.#begun) {
      this.#begun = true
      this.#onBegin()
    }
    let waiting = this.#sinks.size
    if (waiting === 0) release()
    for (const sink of [...this.#sinks])
      sink.piece(bytes, how, () => {
        if (--waiting === 0) release()
      })
  }
}
