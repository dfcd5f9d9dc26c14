import { JsonNumbers } from '@promontory/kernels'
import { loadKernelModule } from '@promontory/kernels/node'
import { type ByteSink, ByteWriter } from '@promontory/promql'

/** Bytes of a body that are sent at once. */
export const SEGMENT_BYTES: number = 256 * 1024
/** Of each worker. What is not written to takes no memory. */
const SEGMENTS = 16

/** Where a segment stands: with the worker, or with the thread that sends it. */
const SegmentState = { free: 0, sent: 1 } as const

/** What the thread that sends bodies needs of a worker's segments. */
export interface PostedMemory {
  /** All segments, one behind the other. */
  readonly room: Uint8Array<SharedArrayBuffer>
  readonly states: Int32Array<SharedArrayBuffer>
}

/** The first bytes of a segment, or bytes apart when no segment was free. */
export type PostedBytes = { readonly segment: number; readonly length: number } | Uint8Array<ArrayBuffer>

/**
 * Memory that a worker writes bodies to and another thread sends from, without a copy and without work for either's garbage collector: a
 * body of megabytes that is given away as a buffer costs the receiver more to collect than to send.
 */
export class BodySegments implements ByteSink {
  readonly memory: PostedMemory
  readonly writer: ByteWriter
  #current = 0
  #post: (piece: PostedBytes) => void = () => {}

  constructor() {
    const numbers = new JsonNumbers(loadKernelModule(), SEGMENTS * SEGMENT_BYTES)
    const states = new Int32Array(new SharedArrayBuffer(4 * SEGMENTS))
    this.memory = { room: numbers.room, states }
    this.writer = new ByteWriter({ buffer: this.#segment(0), numbers, sink: this })
  }

  /**
   * @param write  writes a body
   * @param post  gets its pieces but for the last, in order
   * @returns the last piece
   */
  fill(write: (writer: ByteWriter) => void, post: (piece: PostedBytes) => void): PostedBytes {
    this.#post = post
    this.writer.restart(this.#segment(this.#current))
    write(this.writer)
    return this.#give(this.writer.length)
  }

  /** As {@link fill}, but in one piece that nobody else sees. */
  gather(write: (writer: ByteWriter) => void): Uint8Array<ArrayBuffer> {
    const parts: Uint8Array[] = []
    const last = this.fill(write, (piece) => parts.push(takeBytes(this.memory, piece).copy()))
    return concatenate([...parts, takeBytes(this.memory, last).copy()])
  }

  full(length: number): Uint8Array {
    this.#post(this.#give(length))
    return this.#segment(this.#current)
  }

  /** The first bytes of the current segment: the segment itself while there is another to go on in. */
  #give(length: number): PostedBytes {
    const { states } = this.memory
    const next = states.findIndex(
      (_, i) => i !== this.#current && Atomics.load(states, i) === SegmentState.free,
    )
    if (next < 0) return new Uint8Array(this.#segment(this.#current).subarray(0, length))
    const piece = { segment: this.#current, length }
    Atomics.store(states, this.#current, SegmentState.sent)
    this.#current = next
    return piece
  }

  #segment(index: number): Uint8Array<SharedArrayBuffer> {
    return segmentOf(this.memory, index)
  }
}

/** Bytes of a body and what to do when they have been sent. */
export interface TakenBytes {
  readonly bytes: Uint8Array
  /** To be called once, after which the bytes are somebody else's. */
  readonly release: () => void
  /** The bytes for good; releases them. */
  copy(): Uint8Array<ArrayBuffer>
}

/** What a worker has posted. */
export function takeBytes(memory: PostedMemory, posted: PostedBytes): TakenBytes {
  if (posted instanceof Uint8Array) return { bytes: posted, release: () => {}, copy: () => posted }
  const bytes = segmentOf(memory, posted.segment).subarray(0, posted.length)
  const release = (): void => void Atomics.store(memory.states, posted.segment, SegmentState.free)
  const copy = (): Uint8Array<ArrayBuffer> => {
    const copied = new Uint8Array(bytes)
    release()
    return copied
  }
  return { bytes, release, copy }
}

function segmentOf({ room }: PostedMemory, index: number): Uint8Array<SharedArrayBuffer> {
  return room.subarray(index * SEGMENT_BYTES, (index + 1) * SEGMENT_BYTES)
}

export function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
