import { instantiateKernels, PAGE_BYTES } from '@promontory/kernels'
import { loadKernelModule } from '@promontory/kernels/node'
import type { ChunkToWrite } from '../block/block-writer.ts'
import { ChunkEncoding, JOINED_SAMPLES_MAX } from '../block/format.ts'
import { columnBytesMax } from './chunk-encoder.ts'

const STATE_AT: number = PAGE_BYTES
const TIMES_AT: number = 2 * PAGE_BYTES
const VALUES_AT: number = TIMES_AT + 8 * JOINED_SAMPLES_MAX
const IN_AT: number = VALUES_AT + 8 * JOINED_SAMPLES_MAX
const OUT_AT: number = IN_AT + columnBytesMax(JOINED_SAMPLES_MAX)
/** The least that the kernels take; the chunks lie far below its end. */
const PAGES = 16

/** Makes longer chunks of floats out of short ones that follow each other, sample for sample, bit for bit. */
export class ChunkJoiner {
  readonly #kernels
  readonly #u8: Uint8Array

  constructor() {
    const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true })
    this.#kernels = instantiateKernels(loadKernelModule(), memory).kernels
    this.#u8 = new Uint8Array(memory.buffer)
  }

  /** @param chunks  of one series, in the order of their times, none reaching into the next @returns the same samples */
  join(chunks: readonly ChunkToWrite[]): ChunkToWrite[] {
    const joined: ChunkToWrite[] = []
    let run: ChunkToWrite[] = []
    let samples = 0
    const finish = (): void => {
      const whole = run.length > 1 ? this.#joinRun(run, samples) : undefined
      joined.push(...(whole === undefined ? run : [whole]))
      run = []
      samples = 0
    }
    for (const chunk of chunks) {
      const isFloats = chunk.encoding === ChunkEncoding.xor
      if (!isFloats || samples + chunk.samples > JOINED_SAMPLES_MAX) finish()
      run.push(chunk)
      samples += chunk.samples
      if (!isFloats) finish()
    }
    finish()
    return joined
  }

  /** @returns undefined when a chunk has not what it says: then all stay as they are, for readers to name it */
  #joinRun(run: readonly ChunkToWrite[], samples: number): ChunkToWrite | undefined {
    let done = 0
    for (const { data, samples: count } of run) {
      if (data.length > OUT_AT - IN_AT) return undefined
      this.#u8.set(data, IN_AT)
      const [times, values] = [TIMES_AT + 8 * done, VALUES_AT + 8 * done]
      if (this.#kernels.xorDecode(IN_AT, data.length, count, times, values) !== count) return undefined
      done += count
    }
    this.#u8.fill(0, STATE_AT, STATE_AT + 128)
    this.#u8.fill(0, OUT_AT, OUT_AT + columnBytesMax(samples))
    const length = this.#kernels.xorEncode(STATE_AT, OUT_AT, TIMES_AT, VALUES_AT, samples)
    return {
      encoding: ChunkEncoding.xor,
      data: this.#u8.slice(OUT_AT, OUT_AT + length),
      samples,
      minTimeMs: run[0]!.minTimeMs,
      maxTimeMs: run.at(-1)!.maxTimeMs,
    }
  }
}
