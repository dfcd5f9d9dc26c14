import type { Querier, Queryable, TimeRange } from '@promontory/model'
import { ChunkDecoder } from './chunk-decoder.ts'
import { HeadReader } from './head/head-reader.ts'
import { ChunkQuerier, HeadPlace } from './querier.ts'

/** What the writer's thread hands to a reader's thread. */
export interface TsdbReaderState {
  readonly memory: WebAssembly.Memory
}

/** Reads the storage from one thread. One query at a time: the decoder's columns are shared by all its queriers. */
export class TsdbReader implements Queryable {
  readonly head: HeadReader
  readonly #decoder = new ChunkDecoder()

  /** @param reader  number of this thread, below 64, used by no other living thread */
  constructor(state: TsdbReaderState, reader: number) {
    this.head = new HeadReader(state.memory, reader)
  }

  querier(_range: TimeRange): Querier {
    return new ChunkQuerier([new HeadPlace(this.head)], this.#decoder)
  }
}
